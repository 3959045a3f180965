//! One thread that hashes, at the lowest priority there is, and the memory it does it in.
//!
//! Such a thread may be stopped anywhere for as long as anything else wants the processor. So it shares nothing with
//! those who serve requests, no lock of ours and no memory of theirs to be freed: all that goes to and fro passes its clerk.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    domain::{
        password::Candidate,
        stored_hash::{Derived, Recipe},
    },
    system::clock::Stopwatch,
};

use super::{Refused, derive::derive, priority, scratch::Scratch};

/// What a clerk asks of its slot.
pub(super) enum Order {
    Compute(Job),
    GiveMemoryBack,
}

pub(super) struct Job {
    pub(super) candidate: Candidate,
    pub(super) recipe: Recipe,
    /// Whether the memory goes back to the system before anybody hears of the outcome.
    pub(super) once: bool,
}

/// A hash, and what it was made from, which is the clerk's to free.
pub(super) struct Done {
    pub(super) answer: Result<Derived, Refused>,
    pub(super) took: Duration,
    _job: Job,
}

/// Where a clerk hands in orders and fetches what was done; the thread ends with it.
pub(super) struct Counter {
    /// `None` only at the end.
    orders: Option<SyncSender<Order>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl Counter {
    pub(super) fn open(number: usize) -> io::Result<Self> {
        let ((orders, taken), (finished, done)) = (sync_channel(1), sync_channel(1));
        let thread = thread::Builder::new().name(format!("hash-{number}")).spawn(move || {
            priority::lower();
            serve(&taken, &finished);
        })?;
        Ok(Self { orders: Some(orders), done, thread: Some(thread) })
    }

    /// `None` where the slot is gone, which only the end of the process explains.
    pub(super) fn compute(&self, job: Job) -> Option<Done> {
        self.order(Order::Compute(job))?;
        self.done.recv().ok()
    }

    pub(super) fn give_memory_back(&self) {
        // A slot that is gone has no memory.
        let _ = self.order(Order::GiveMemoryBack);
    }

    fn order(&self, order: Order) -> Option<()> {
        self.orders.as_ref()?.send(order).ok()
    }
}

/// Waits until the thread has ended and its memory is the system's again.
impl Drop for Counter {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // It survives its panics, so there is nothing to learn from its end.
            let _ = thread.join();
        }
    }
}

fn serve(orders: &Receiver<Order>, done: &SyncSender<Done>) {
    let mut scratch = Scratch::default();
    for order in orders {
        match order {
            Order::GiveMemoryBack => scratch.give_back(),
            Order::Compute(job) => {
                if done.send(compute(&mut scratch, job)).is_err() {
                    return;
                }
            }
        }
    }
}

fn compute(scratch: &mut Scratch, job: Job) -> Done {
    let stopwatch = Stopwatch::start();
    let Job { candidate, recipe, once } = &job;
    // A panic may cost this caller the answer; it may not cost everybody the slot.
    let outcome = catch_unwind(AssertUnwindSafe(|| derive(scratch, candidate, recipe)));
    let answer = outcome.unwrap_or_else(|_| {
        tracing::error!(algorithm = %recipe.algorithm, "a hash panicked");
        Err(Refused::Stopped)
    });
    if *once {
        scratch.give_back();
    }
    Done { answer, took: stopwatch.elapsed(), _job: job }
}
