//! Somebody who asks again and again while others make trouble, and how long that takes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime,
    time::{interval, sleep},
};

use crate::client::Client;

/// Somebody who is signed in and asks two hundred times a second, on a thread of their own, whatever came before.
pub(crate) struct Visitor {
    going_on: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

/// The number of a client that shares its address with nobody of the crowd.
const VISITOR: usize = 2_000;

impl Visitor {
    pub(crate) fn sit_down(service: SocketAddr, request: &str) -> Self {
        let going_on = Arc::new(AtomicBool::new(true));
        let (request, go_on) = (request.to_owned(), Arc::clone(&going_on));
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut client = Client::connect(service, VISITOR).await.expect("a connection");
                ask_and_ask(&mut client, &request, &go_on).await
            })
        });
        Self { going_on, thread }
    }

    pub(crate) async fn watch(self, how_long: Duration) -> Vec<Duration> {
        sleep(how_long).await;
        self.leave()
    }

    pub(crate) fn leave(self) -> Vec<Duration> {
        self.going_on.store(false, Ordering::Relaxed);
        self.thread.join().expect("what was measured")
    }
}

/// How long each answer took; a stall counts for every question it kept from being asked.
async fn ask_and_ask(client: &mut Client, request: &str, going_on: &AtomicBool) -> Vec<Duration> {
    const PAUSE: Duration = Duration::from_millis(5);
    let mut ticks = interval(PAUSE);
    let mut took = Vec::new();
    while going_on.load(Ordering::Relaxed) {
        let late = ticks.tick().await.elapsed();
        let answer = client.ask(request).await.expect("an answer");
        assert_eq!(answer.status, 200);
        // The timer itself is late by up to a millisecond, which is nobody's stall.
        let kept_waiting = if late > PAUSE { late } else { Duration::ZERO };
        took.push(answer.took + kept_waiting);
    }
    took
}

/// The time that all but so many of a thousand kept to.
pub(crate) fn slowest_but(mut times: Vec<Duration>, of_a_thousand: usize) -> Duration {
    times.sort();
    let index = times.len() * (1_000 - of_a_thousand) / 1_000;
    times.get(index).copied().unwrap_or_default()
}
