//! kill -9 in the middle of sign-ups: whoever was told 201 is there and can sign in, and nobody is half there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod,
    patience::until,
    process::{Process, Sockets},
};

const ROUNDS: u64 = 4;
const CROWD: usize = 8;

#[tokio::test]
async fn f_11_promise_3_kill_9_loses_no_acknowledged_user_on_sqlite() {
    let folder = Folder::new();
    survives(&folder, &[]).await;
}

#[tokio::test]
async fn f_11_promise_3_kill_9_loses_no_acknowledged_user_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    survives(&folder, &[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn survives(folder: &Folder, settings: &[(&str, &str)]) {
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut process = Process::start(folder, settings);
        let sockets = process.ready();
        let heard = Arc::new(AtomicU64::new(0));
        let crowd = sign_up_until_it_breaks(sockets, round, &heard);
        until("somebody has signed up", async || heard.load(Ordering::Relaxed) >= 3 + round).await;
        // At another moment of the work in each round.
        sleep(Duration::from_millis(13 * round)).await;
        process.kill();
        for (mut there, lost) in crowd.join_all().await {
            acknowledged.append(&mut there);
            unanswered.push(lost);
        }
    }
    assert!(acknowledged.len() >= 12, "there was something to lose: {}", acknowledged.len());

    let mut process = Process::start(folder, settings);
    let sockets = process.ready();
    for address in &acknowledged {
        assert!(signs_in(sockets, address).await, "{address} was told 201 and is gone");
    }
    for address in &unanswered {
        let answer = Browser::to(sockets.public).sign_up(address).await;
        assert!(answer.status == 201 || answer.codes() == ["email_in_use"], "{address}: {answer:?}");
        assert!(signs_in(sockets, address).await, "{address} is half there");
    }
}

/// Everybody signs up one address after the other; the last one never hears what became of it.
fn sign_up_until_it_breaks(
    sockets: Sockets,
    round: u64,
    heard: &Arc<AtomicU64>,
) -> JoinSet<(Vec<String>, String)> {
    let mut crowd = JoinSet::new();
    for member in 0..CROWD {
        let heard = Arc::clone(heard);
        crowd.spawn(async move {
            let mut there = Vec::new();
            for n in 0.. {
                let address = format!("round-{round}-{member}-{n}@example.org");
                let body = json!({"email": address, "password": PASSWORD});
                let mut browser = Browser::to(sockets.public);
                match browser.try_ask(Method::POST, "/api/users/signup", Some(body)).await {
                    Some(answer) if answer.status == 201 => {
                        there.push(address);
                        heard.fetch_add(1, Ordering::Relaxed);
                    }
                    Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                    None => return (there, address),
                }
            }
            unreachable!("the process is killed")
        });
    }
    crowd
}

async fn signs_in(sockets: Sockets, address: &str) -> bool {
    Browser::to(sockets.public).sign_in(address, PASSWORD).await.status == 200
}
