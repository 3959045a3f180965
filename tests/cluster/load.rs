//! Many who are signed in and ask who they are, again and again, while something happens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::sleep};

use crate::edge::Edge;

const VISITORS: usize = 16;
/// Six hundred questions a second of all of them, which leaves the machine to whatever else happens on it.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Load {
    going_on: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    visitors: Vec<JoinHandle<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) asked: usize,
    pub(crate) failures: Vec<String>,
    pub(crate) slowest: Duration,
}

impl Load {
    pub(crate) fn begin(cookie: &str, email: &str) -> Self {
        let (going_on, asked) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let visitor = |_| {
            let (cookie, email) = (cookie.to_owned(), email.to_owned());
            tokio::spawn(visit(cookie, email, Arc::clone(&going_on), Arc::clone(&asked)))
        };
        let visitors = (0..VISITORS).map(visitor).collect();
        Self { going_on, asked, visitors }
    }

    /// How many questions there were so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) async fn end(self) -> Seen {
        self.going_on.store(false, Ordering::Relaxed);
        let mut all = Seen::default();
        for visitor in self.visitors {
            let seen = visitor.await.expect("what a visitor saw");
            all.asked += seen.asked;
            all.failures.extend(seen.failures);
            all.slowest = all.slowest.max(seen.slowest);
        }
        all
    }
}

async fn visit(cookie: String, email: String, going_on: Arc<AtomicBool>, asked: Arc<AtomicUsize>) -> Seen {
    let edge = Edge::new();
    let mut seen = Seen::default();
    while going_on.load(Ordering::Relaxed) {
        let begun = Instant::now();
        if let Err(failure) = edge.knows(&cookie, &email).await {
            seen.failures.push(failure);
        }
        seen.asked += 1;
        seen.slowest = seen.slowest.max(begun.elapsed());
        asked.fetch_add(1, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
    seen
}
