//! Two thousand sign-ins at once: memory keeps its bound, and whoever is signed in does not notice.

use std::{
    thread,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::{
    client::{self, Client},
    process::{MANY_SESSIONS, Portcullis},
    report::Report,
    visitor::{Visitor, slowest_but},
};

const FLOOD: usize = 2_000;
/// Whoever is refused comes back when it was told to, for this long.
const LASTS: Duration = Duration::from_secs(30);
/// The memory of one hash at the standard cost, and what the rest of the process may take.
const SLOT: u64 = 128 << 20;
const BASE: u64 = 64 << 20;

pub(crate) async fn measure(report: &mut Report) {
    println!("a flood of {FLOOD} simultaneous sign-ins");
    let cores = thread::available_parallelism().expect("cores").get() as u64;
    let service = Portcullis::start(MANY_SESSIONS);
    let mut visitor = Client::connect(service.public, FLOOD).await.expect("a connection");
    let created = visitor.ask(&client::sign_up("bench@example.org")).await.expect("an answer");
    let request = client::current_user(created.cookie().expect("a session"));

    let idle = Visitor::sit_down(service.public, &request).watch(LASTS).await;
    let mut flood = Vec::new();
    for number in 0..FLOOD {
        flood.push(Client::connect(service.public, number).await.expect("a connection"));
    }
    sleep(Duration::from_secs(1)).await;

    let visitor = Visitor::sit_down(service.public, &request);
    let begun = Instant::now();
    let outcomes = join_all(flood.iter_mut().map(|client| insist(client, begun))).await;
    let busy = visitor.leave();

    let signed_in: usize = outcomes.iter().map(|outcome| outcome.signed_in).sum();
    let refused: usize = outcomes.iter().map(|outcome| outcome.refused).sum();
    let slowest = outcomes.iter().map(|outcome| outcome.slowest).max().unwrap_or_default();
    Report::say("signed in / refused with Retry-After", &format!("{signed_in} / {refused}"));
    report.promise(
        "slowest answer to a sign-in",
        &format!("{slowest:.1?}"),
        "< 5 s",
        slowest < Duration::from_secs(5),
    );

    let (peak, bound) = (service.memory().1, cores * SLOT + BASE);
    let (peak, bound) = (peak >> 20, bound >> 20);
    report.promise(
        "peak memory",
        &format!("{peak} MiB"),
        &format!("<= {bound} MiB (slots x cost + base)"),
        peak <= bound,
    );
    let (idle_p99, busy_p99) = (slowest_but(idle, 10), slowest_but(busy, 10));
    Report::say("currentuser p99 idle", &format!("{idle_p99:.0?}"));
    Report::say("currentuser p99 in the flood", &format!("{busy_p99:.0?}"));
    let ratio = busy_p99.as_secs_f64() / idle_p99.as_secs_f64();
    report.promise("currentuser p99, flood to idle", &format!("{ratio:.2}"), "<= 2", ratio <= 2.0);
}

#[derive(Default)]
struct Outcome {
    signed_in: usize,
    refused: usize,
    slowest: Duration,
}

/// Tries until the flood is over, and waits as long as it is told to.
async fn insist(client: &mut Client, begun: Instant) -> Outcome {
    let request = client::sign_in("bench@example.org");
    let mut outcome = Outcome::default();
    while begun.elapsed() < LASTS {
        let answer = client.ask(&request).await.expect("an answer");
        outcome.slowest = outcome.slowest.max(answer.took);
        match (answer.status, answer.retry_after()) {
            (200, _) => outcome.signed_in += 1,
            (503, Some(pause)) => {
                outcome.refused += 1;
                if begun.elapsed() + pause >= LASTS {
                    break;
                }
                sleep(pause).await;
            }
            (status, _) => panic!("status {status} without a word when to come back"),
        }
    }
    outcome
}
