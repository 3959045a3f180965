//! The lowest scheduling priority there is: hashing takes only the processor time that nothing else wants.

use std::thread;

use thread_priority::{
    Error, NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// Lowers this thread as far as the system lets us; hashing goes on at any priority.
pub(super) fn lower() {
    if let Err(idle) = be_idle()
        && let Err(nice) = set(NormalThreadSchedulePolicy::Other)
    {
        tracing::debug!(?idle, ?nice, "hashing runs at normal priority");
    }
}

/// Counts what was done since this thread last made way.
///
/// To be of the lowest priority is not enough: a system may notice only at its next tick, milliseconds later, that
/// somebody else has woken. It looks whenever a thread calls it, so a thread that computes calls it often.
pub(super) struct Stride {
    length: usize,
    left: usize,
}

impl Stride {
    /// About a tenth of a millisecond's work.
    const BYTES: usize = 64 << 10;

    pub(super) fn over(each: usize) -> Self {
        let length = (Self::BYTES / each).max(1);
        Self { length, left: length }
    }

    /// One more of what it counts is done.
    #[inline]
    pub(super) fn step(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.left = self.length;
            thread::yield_now();
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn be_idle() -> Result<(), Error> {
    use thread_priority::thread_schedule_policy;

    let idle = NormalThreadSchedulePolicy::Idle;
    match set(idle) {
        // It also resets the thread's niceness, which may be forbidden and means nothing to an idle thread.
        Err(_) if thread_schedule_policy() == Ok(ThreadSchedulePolicy::Normal(idle)) => Ok(()),
        set => set,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn be_idle() -> Result<(), Error> {
    Err(Error::Priority("this system has no idle priority"))
}

/// The lowest of a policy: under the ordinary one, a niceness of 19.
fn set(policy: NormalThreadSchedulePolicy) -> Result<(), Error> {
    let policy = ThreadSchedulePolicy::Normal(policy);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// The policy's number, and the niceness, of the thread that asks.
    fn own() -> (u32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        (fields[38].parse().unwrap(), fields[16].parse().unwrap())
    }

    #[test]
    fn a_thread_becomes_idle_and_its_neighbours_do_not() {
        let (lowered, other) = thread::scope(|scope| {
            let lowered = scope.spawn(|| {
                lower();
                own()
            });
            (lowered.join().unwrap(), scope.spawn(own).join().unwrap())
        });
        assert_eq!(lowered.0, 5, "SCHED_IDLE");
        assert_eq!(other.0, 0, "SCHED_OTHER");
    }

    #[test]
    fn where_it_cannot_be_idle_it_is_as_nice_as_can_be() {
        let nice = thread::spawn(|| {
            set(NormalThreadSchedulePolicy::Other).unwrap();
            own()
        });
        assert_eq!(nice.join().unwrap(), (0, 19));
    }

    #[test]
    fn a_thread_that_was_started_nice_becomes_idle_all_the_same() {
        let lowered = thread::spawn(|| {
            set(NormalThreadSchedulePolicy::Other).unwrap();
            lower();
            own()
        });
        assert_eq!(lowered.join().unwrap().0, 5);
    }
}
