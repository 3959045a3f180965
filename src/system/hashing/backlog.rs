//! What is waiting and what is being computed, and how long that will take.

use std::{collections::VecDeque, net::IpAddr, time::Duration};

use tokio::sync::oneshot;

use crate::{
    domain::{
        password::Candidate,
        stored_hash::{Derived, Recipe},
    },
    system::clock::Stopwatch,
};

use super::{Refused, pace::Pace, traced::Traced, turns::Turns};

/// One hash that somebody waits for.
pub(super) struct Job {
    pub(super) candidate: Candidate,
    pub(super) recipe: Recipe,
    /// Those who ask from one network share their turns.
    pub(super) from: Option<IpAddr>,
    /// Needs more memory than a slot has, so only one such job runs at a time.
    pub(super) dear: bool,
    /// Closed as soon as nobody waits any more.
    pub(super) answer: oneshot::Sender<Result<Derived, Refused>>,
    pub(super) waiting_since: Stopwatch,
    pub(super) traced: Traced,
}

pub(super) struct Backlog {
    /// By their turns.
    waiting: VecDeque<(Turn, Job)>,
    /// That of the job which started last.
    turn: Turn,
    running: Running,
    pace: Pace,
    turns: Turns,
    slots: usize,
    deadline: Duration,
}

/// Work done for everybody who asks, as if all were served side by side: a network's job has its turn after the work of
/// its other jobs that wait, so many jobs of one do not come before the first of another.
type Turn = u64;

#[derive(Default)]
struct Running {
    jobs: usize,
    work: u64,
    dear: bool,
}

impl Job {
    pub(super) const fn work(&self) -> u64 {
        self.recipe.algorithm.work()
    }
}

impl Backlog {
    pub(super) fn new(slots: usize, deadline: Duration) -> Self {
        Self {
            waiting: VecDeque::new(),
            turn: 0,
            running: Running::default(),
            pace: Pace::GUESS,
            turns: Turns::start(),
            slots,
            deadline,
        }
    }

    /// Takes the job if it is likely to be done in time; else says when to come back.
    pub(super) fn admit(&mut self, job: Job) -> Result<(), Duration> {
        let turn = self.turn_of(job.work(), job.from);
        while !self.is_in_time(job.work()) {
            self.has_room(job.work(), job.from)?;
            // Whoever asks for most is sent away in its place.
            self.waiting.pop_back();
        }
        let place = self.waiting.partition_point(|(earlier, _)| *earlier <= turn);
        self.waiting.insert(place, (turn, job));
        Ok(())
    }

    /// Whether a job of so much work would be taken; else says when to come back.
    pub(super) fn has_room(&mut self, work: u64, from: Option<IpAddr>) -> Result<(), Duration> {
        let turn = self.turn_of(work, from);
        if self.is_in_time(work) || self.waiting.back().is_some_and(|(last, _)| *last > turn) {
            return Ok(());
        }
        let work = self.pace.time(work);
        let over = self.wait().saturating_add(work).saturating_sub(self.deadline);
        let every = work / u32::try_from(self.slots).unwrap_or(u32::MAX).max(1);
        Err(self.turns.give(over, every))
    }

    /// Whether everything that waits and a job of so much work are likely to be done in time.
    fn is_in_time(&mut self, work: u64) -> bool {
        let wait = self.wait();
        // A free slot takes whatever comes: a pace that was bad once could else never be seen to be good again.
        wait.is_zero() || wait.saturating_add(self.pace.time(work)) <= self.deadline
    }

    fn turn_of(&self, work: u64, from: Option<IpAddr>) -> Turn {
        let own = self.waiting.iter().rev().find(|(_, job)| job.from == from);
        own.map_or(self.turn, |(turn, _)| *turn).saturating_add(work)
    }

    /// How long a job that came now would wait for a slot.
    pub(super) fn wait(&mut self) -> Duration {
        self.forget_the_gone();
        if self.running.jobs + self.waiting.len() < self.slots {
            return Duration::ZERO;
        }
        let queued: u64 = self.waiting.iter().map(|(_, job)| job.work()).sum();
        let slots = u32::try_from(self.slots).unwrap_or(u32::MAX).max(1);
        self.pace.time(queued.saturating_add(self.running.work)) / slots
    }

    /// Whether [`Self::start`] would find a job.
    pub(super) fn can_start(&mut self) -> bool {
        self.forget_the_gone();
        self.next().is_some()
    }

    /// The job whose turn it is, of those that may run now.
    pub(super) fn start(&mut self) -> Option<Job> {
        self.forget_the_gone();
        let (turn, job) = self.next().and_then(|next| self.waiting.remove(next))?;
        self.turn = self.turn.max(turn);
        self.running.jobs += 1;
        self.running.work += job.work();
        self.running.dear |= job.dear;
        Some(job)
    }

    /// `took` is `None` where the hash came to nothing.
    pub(super) fn finish(&mut self, work: u64, dear: bool, took: Option<Duration>) {
        self.running.jobs = self.running.jobs.saturating_sub(1);
        self.running.work = self.running.work.saturating_sub(work);
        self.running.dear &= !dear;
        if let Some(took) = took {
            self.pace.learn(work, took);
        }
    }

    pub(super) fn busy(&self) -> usize {
        self.running.jobs
    }

    pub(super) fn queued(&mut self) -> usize {
        self.forget_the_gone();
        self.waiting.len()
    }

    fn next(&self) -> Option<usize> {
        self.waiting.iter().position(|(_, job)| !(job.dear && self.running.dear))
    }

    /// Nobody waits for what is closed, and what is late would be too late when done.
    fn forget_the_gone(&mut self) {
        let deadline = self.deadline;
        self.waiting.retain(|(_, job)| !job.answer.is_closed() && job.waiting_since.elapsed() < deadline);
    }
}

#[cfg(test)]
mod tests;
