//! Where callers leave their jobs and slots fetch them.

use std::{
    net::IpAddr,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    domain::{
        algorithm::Price,
        cost::Cost,
        password::Candidate,
        stored_hash::{Derived, Recipe},
    },
    system::{
        clock::Stopwatch,
        meters::{Counter, Histogram},
    },
};

use super::{
    Refused,
    backlog::{Backlog, Job},
    traced::Traced,
};

pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    arrived: Condvar,
    turned_away: Counter,
    waits: Histogram,
    times: Histogram,
}

/// What the queue may promise.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) slots: usize,
    /// Bytes that every slot has.
    pub(super) usual: u64,
    /// Bytes that one slot can have while the others keep theirs.
    pub(super) dearest: u64,
    /// From admission to the end of the hash.
    pub(super) deadline: Duration,
}

struct State {
    backlog: Backlog,
    stopped: bool,
}

/// What a slot should do next.
pub(super) enum Next {
    Compute(Job),
    /// Nothing came for so long as the slot said.
    Rest,
    Stop,
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        let backlog = Backlog::new(limits.slots, limits.deadline);
        let state = Mutex::new(State { backlog, stopped: false });
        Self {
            limits,
            state,
            arrived: Condvar::new(),
            turned_away: Counter::default(),
            waits: Histogram::default(),
            times: Histogram::default(),
        }
    }

    /// Leaves a job; who drops the receiver takes it back.
    pub(super) fn admit(
        &self,
        candidate: Candidate,
        recipe: Recipe,
        from: Option<IpAddr>,
    ) -> Result<oneshot::Receiver<Result<Derived, Refused>>, Refused> {
        let needed = recipe.algorithm.price().memory;
        if needed > self.limits.usual.max(self.limits.dearest) {
            return Err(Refused::TooDear);
        }
        let (answer, receiver) = oneshot::channel();
        let dear = needed > self.limits.usual;
        let job = Job {
            candidate,
            recipe,
            from,
            dear,
            answer,
            waiting_since: Stopwatch::start(),
            traced: Traced::waits(),
        };

        let mut state = self.lock();
        if state.stopped {
            return Err(Refused::Stopped);
        }
        state.backlog.admit(job).map_err(|until| self.full(until))?;
        drop(state);
        self.arrived.notify_one();
        Ok(receiver)
    }

    pub(super) fn has_room(&self, cost: Cost, from: Option<IpAddr>) -> Result<(), Refused> {
        self.lock().backlog.has_room(cost.work(), from).map_err(|until| self.full(until))
    }

    /// Waits for something to do: without end, or until `patience` is over.
    pub(super) fn next(&self, patience: Option<Duration>) -> Next {
        let state = self.lock();
        let quiet = |state: &mut State| !state.stopped && !state.backlog.can_start();
        let mut state = match patience {
            None => self.arrived.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                self.arrived
                    .wait_timeout_while(state, patience, quiet)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        match state.backlog.start() {
            Some(job) => {
                self.waits.observe(job.waiting_since.elapsed());
                Next::Compute(job)
            }
            None if state.stopped => Next::Stop,
            None => Next::Rest,
        }
    }

    /// `took` is `None` where the hash came to nothing.
    pub(super) fn finish(&self, price: Price, took: Option<Duration>) {
        let dear = price.memory > self.limits.usual;
        self.lock().backlog.finish(price.work, dear, took);
    }

    /// Takes no more jobs; what was taken is still computed.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.arrived.notify_all();
    }

    /// Why a job that was taken in was forgotten.
    pub(super) fn too_late(&self) -> Refused {
        let wait = self.lock().backlog.wait();
        self.full(wait)
    }

    /// How long hashes waited for a slot.
    pub(super) fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// How long slots took over them.
    pub(super) fn times(&self) -> &Histogram {
        &self.times
    }

    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away.count()
    }

    /// Every refusal for want of room is counted here.
    fn full(&self, until: Duration) -> Refused {
        self.turned_away.add_one();
        full(until)
    }

    /// Being computed, waiting, and how long one more would wait.
    pub(super) fn load(&self) -> (usize, usize, Duration) {
        let mut state = self.lock();
        (state.backlog.busy(), state.backlog.queued(), state.backlog.wait())
    }

    /// A panic elsewhere leaves the counts right: nothing between two of them can panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In whole seconds, because that is how `Retry-After` counts.
fn full(until: Duration) -> Refused {
    let seconds = if until.subsec_nanos() > 0 { until.as_secs().saturating_add(1) } else { until.as_secs() };
    Refused::Full { retry_after: Duration::from_secs(seconds.max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(deadline: Duration) -> Queue {
        let (usual, dearest) = (Cost::NODE.memory() as u64, Cost::STANDARD.memory() as u64);
        Queue::new(Limits { slots: 1, usual, dearest, deadline })
    }

    fn candidate() -> Candidate {
        Candidate::try_from("correct horse").unwrap()
    }

    #[test]
    fn a_full_queue_says_in_whole_seconds_when_there_is_room() {
        for (until, said) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (7000, 7)] {
            let retry_after = Duration::from_secs(said);
            assert_eq!(full(Duration::from_millis(until)), Refused::Full { retry_after }, "{until} ms");
        }
        let queue = queue(Duration::from_millis(300));
        let cost = Cost::new(17, 8, 4).unwrap();
        let _first = queue.admit(candidate(), Recipe::new(cost, [0; 16]), None).unwrap();
        let refused = queue.admit(candidate(), Recipe::new(cost, [0; 16]), None).unwrap_err();
        assert_eq!(refused, Refused::Full { retry_after: Duration::from_secs(3) });
        assert!(queue.has_room(cost, None).is_err());
        assert_eq!(queue.turned_away(), 2);
    }

    #[test]
    fn a_hash_that_no_slot_has_memory_for_is_refused_at_once() {
        let queue = queue(Duration::from_secs(4));
        let too_dear = Recipe::new(Cost::new(18, 8, 1).unwrap(), [0; 16]);
        assert_eq!(queue.admit(candidate(), too_dear, None).unwrap_err(), Refused::TooDear);
        assert!(queue.admit(candidate(), Recipe::new(Cost::STANDARD, [0; 16]), None).is_ok());
    }

    #[test]
    fn after_the_end_nothing_is_taken_but_what_was_taken_is_done() {
        let queue = queue(Duration::from_secs(4));
        let _answer = queue.admit(candidate(), Recipe::new(Cost::NODE, [0; 16]), None).unwrap();
        queue.stop();
        let late = queue.admit(candidate(), Recipe::new(Cost::NODE, [0; 16]), None);
        assert_eq!(late.unwrap_err(), Refused::Stopped);
        assert!(matches!(queue.next(None), Next::Compute(_)));
        assert!(matches!(queue.next(None), Next::Stop));
    }

    #[test]
    fn a_slot_is_told_to_rest_when_nothing_comes() {
        assert!(matches!(queue(Duration::from_secs(4)).next(Some(Duration::from_millis(1))), Next::Rest));
    }
}
