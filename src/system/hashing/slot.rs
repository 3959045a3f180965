//! One thread that hashes, and the memory it does it in.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{domain::stored_hash::Derived, system::clock::Stopwatch};

use super::{
    Refused,
    backlog::Job,
    priority,
    queue::{Next, Queue},
    romix,
    scratch::Scratch,
};

pub(super) struct Slot {
    queue: Arc<Queue>,
    scratch: Scratch,
    /// How long it keeps its memory without using it.
    idle: Duration,
}

impl Slot {
    pub(super) fn start(
        number: usize,
        queue: Arc<Queue>,
        idle: Duration,
    ) -> io::Result<thread::JoinHandle<()>> {
        let mut slot = Self { queue, scratch: Scratch::default(), idle };
        thread::Builder::new().name(format!("hash-{number}")).spawn(move || {
            priority::lower();
            slot.serve();
        })
    }

    fn serve(&mut self) {
        loop {
            match self.queue.next(self.scratch.is_held().then_some(self.idle)) {
                Next::Compute(job) => self.compute(job),
                Next::Rest => self.scratch.give_back(),
                Next::Stop => return,
            }
        }
    }

    fn compute(&mut self, job: Job) {
        let stopwatch = Stopwatch::start();
        // A panic may cost this caller the answer; it may not cost everybody the slot.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.derive(&job)));
        let answer = outcome.unwrap_or_else(|_| {
            tracing::error!(cost = %job.recipe.cost, "a hash panicked");
            Err(Refused::Stopped)
        });
        if job.dear {
            self.scratch.give_back();
        }
        self.queue.finish(job.recipe.cost, answer.is_ok().then(|| stopwatch.elapsed()));
        // Who has gone meanwhile does not want it.
        let _ = job.answer.send(answer);
    }

    fn derive(&mut self, job: &Job) -> Result<Derived, Refused> {
        let needed = job.recipe.cost.memory();
        let mut memory = self.scratch.lend(needed).map_err(|error| {
            tracing::error!(%error, bytes = needed, "no memory for a hash");
            Refused::Full { retry_after: Duration::from_secs(1) }
        })?;
        romix::derive(&job.candidate, &job.recipe, memory.blocks()).ok_or(Refused::TooDear)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        domain::{cost::Cost, password::Candidate, stored_hash::Recipe},
        system::hashing::queue::Limits,
    };

    #[test]
    fn memory_is_kept_after_a_usual_hash_and_given_back_after_a_dear_one() {
        let limits = Limits { slots: 1, usual: 1 << 20, dearest: 1 << 21, deadline: Duration::from_secs(4) };
        let queue = Arc::new(Queue::new(limits));
        let mut slot = Slot { queue, scratch: Scratch::default(), idle: Duration::from_mins(1) };
        for (log_n, dear) in [(10, false), (11, true), (10, false)] {
            let (answer, mut receiver) = oneshot::channel();
            let candidate = Candidate::try_from("correct horse").unwrap();
            let recipe = Recipe::new(Cost::new(log_n, 8, 1).unwrap(), [0; 16]);
            slot.compute(Job { candidate, recipe, dear, answer, waiting_since: Stopwatch::start() });
            assert!(receiver.try_recv().unwrap().is_ok());
            assert_eq!(slot.scratch.is_held(), !dear);
        }
    }
}
