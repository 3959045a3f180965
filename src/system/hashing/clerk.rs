//! Stands between the callers and one slot, at ordinary priority: fetches jobs, and hands out what became of them.

use std::{io, sync::Arc, thread, time::Duration};

use crate::domain::algorithm::Algorithm;

use super::{
    Refused,
    backlog::Job,
    queue::{Next, Queue},
    slot::{self, Counter},
};

pub(super) struct Clerk {
    queue: Arc<Queue>,
    slot: Counter,
    /// Whether the slot holds memory.
    warm: bool,
    /// How long the slot keeps its memory without using it.
    idle: Duration,
}

impl Clerk {
    pub(super) fn start(
        number: usize,
        queue: Arc<Queue>,
        idle: Duration,
    ) -> io::Result<thread::JoinHandle<()>> {
        let mut clerk = Self { queue, slot: Counter::open(number)?, warm: false, idle };
        thread::Builder::new().name(format!("clerk-{number}")).spawn(move || clerk.serve())
    }

    fn serve(&mut self) {
        loop {
            match self.queue.next(self.warm.then_some(self.idle)) {
                Next::Compute(job) => self.see_to(job),
                Next::Rest => self.cool_down(),
                Next::Stop => return,
            }
        }
    }

    fn see_to(&mut self, job: Job) {
        let Job { candidate, recipe, dear, answer, traced, .. } = job;
        let hash = traced.begins();
        let (price, is_scrypt) = (recipe.algorithm.price(), matches!(recipe.algorithm, Algorithm::Scrypt(_)));
        let done = self.slot.compute(slot::Job { candidate, recipe, once: dear });
        drop(hash);
        self.warm = !dear;
        if let Some(done) = &done {
            self.queue.times().observe(done.took);
        }
        // What other algorithms cost beside scrypt is known roughly, and may not teach how fast this machine is.
        let took = done.as_ref().filter(|done| is_scrypt && done.answer.is_ok()).map(|done| done.took);
        self.queue.finish(price, took);
        // Who has gone meanwhile does not want it.
        let _ = answer.send(done.map_or(Err(Refused::Stopped), |done| done.answer));
    }

    fn cool_down(&mut self) {
        self.slot.give_memory_back();
        self.warm = false;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        domain::{cost::Cost, password::Candidate, stored_hash::Recipe},
        system::{
            clock::Stopwatch,
            hashing::{queue::Limits, traced::Traced},
        },
    };

    #[test]
    fn memory_is_kept_after_a_usual_hash_and_given_back_after_a_dear_one() {
        let limits = Limits { slots: 1, usual: 1 << 20, dearest: 1 << 21, deadline: Duration::from_secs(4) };
        let queue = Arc::new(Queue::new(limits));
        let slot = Counter::open(0).unwrap();
        let mut clerk = Clerk { queue, slot, warm: false, idle: Duration::from_mins(1) };
        for (log_n, dear) in [(10, false), (11, true), (10, false)] {
            let (answer, mut receiver) = oneshot::channel();
            let candidate = Candidate::try_from("correct horse").unwrap();
            let recipe = Recipe::new(Cost::new(log_n, 8, 1).unwrap(), [0; 16]);
            clerk.see_to(Job {
                candidate,
                recipe,
                from: None,
                dear,
                answer,
                waiting_since: Stopwatch::start(),
                traced: Traced::waits(),
            });
            assert!(receiver.try_recv().unwrap().is_ok());
            assert_eq!(clerk.warm, !dear);
        }
    }
}
