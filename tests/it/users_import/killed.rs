//! kill -9 in the middle, again and again: in the end the same users are there as if nothing had happened.

use std::{fmt::Write as _, time::Duration};

use serde_json::json;
use tokio::time::sleep;

use super::{Gate, on_both_stores};
use crate::support::process::Process;

on_both_stores!(killed_and_begun_again_it_ends_with_the_same_users);

const LINES: u64 = 12_000;
/// Every so many lines somebody comes a second time, with another hash and in capitals.
const TWICE: u64 = 700;

fn lines() -> String {
    let mut lines = String::new();
    for number in 0..LINES {
        let (name, salt) = if number % TWICE == TWICE - 1 {
            // In the same batch, in one that is on its way, or long after.
            (format!("USER{}", number - TWICE / 2 - TWICE * (number / TWICE % 5)), "second")
        } else {
            (format!("user{number}"), "first")
        };
        let hash = "5a".repeat(64);
        let millis = 1_500_000_000_000 + (number * 7_919) % LINES;
        let at = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap()).unwrap();
        writeln!(
            lines,
            "{{\"email\": \"{name}@example.org\", \"passwordHash\": \"{hash}.{salt}{number}\", \"createdAt\": \"{at}\"}}"
        )
        .unwrap();
    }
    lines
}

async fn killed_and_begun_again_it_ends_with_the_same_users(gate: &Gate) {
    let (file, calm) = (gate.write("people.ndjson", &lines()), gate.another().await);
    let duplicates = LINES / TWICE;
    let (told, code) = calm.json(&[&file]);
    assert_eq!((&told["added"], code), (&json!(LINES - duplicates), Some(1)), "{told}");

    let (mut caught, mut killed) = (0, 0);
    // Moments that nobody chose, of about so many milliseconds.
    for pause in [130, 410, 70, 250, 530, 190, 330, 610, 90, 470] {
        let begun = gate.users().await.len();
        let mut import = Process::start_as(&gate.folder, &["users", "import", &file], &gate.settings());
        sleep(Duration::from_millis(pause)).await;
        if !import.has_ended() {
            killed += 1;
        }
        import.kill();
        let there = gate.users().await.len();
        assert!(there >= begun, "nobody goes");
        if there > begun && (there as u64) < LINES - duplicates {
            caught += 1;
        }
        if caught == 4 {
            break;
        }
    }
    assert!(killed > 0 && caught > 0, "it was never caught in its work: {killed} kills");

    let (told, code) = gate.json(&[&file]);
    assert_eq!(code, Some(1));
    assert_eq!(
        told["added"].as_u64().unwrap() + told["addedBefore"].as_u64().unwrap(),
        LINES - duplicates,
        "{told}"
    );
    assert_eq!((&told["duplicates"], &told["refused"]), (&json!(duplicates), &json!(0)), "{told}");
    let (users, expected) = (gate.users().await, calm.users().await);
    assert_eq!(users.len(), expected.len());
    for (user, expected) in users.iter().zip(&expected) {
        assert_eq!(user, expected);
        assert_eq!(user.attrs().email.original(), expected.attrs().email.original());
    }
}
