//! A lane to the database: a few threads, each with a connection of its own, and one bounded queue before them.

use std::{
    convert::Infallible,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    connection::{Link, Role},
    location::Location,
};
use crate::store::{Pool, Traffic};

type Job = Box<dyn FnOnce(&mut Link) + Send>;

pub(super) struct Lane {
    /// `None` once it is closed.
    queue: Mutex<Option<SyncSender<Job>>>,
    /// Every thread holds the other end, so there is nothing left to wait for when the last one has ended.
    ended: tokio::sync::Mutex<mpsc::Receiver<Infallible>>,
    at_work: Arc<AtomicU32>,
    threads: u32,
    deadline: Duration,
    pub(super) traffic: Arc<Traffic>,
}

/// How many work, and how many jobs may wait for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) threads: u32,
    pub(super) in_line: usize,
}

impl Size {
    /// What a disk that syncs fifty times a second gets done within the deadline.
    pub(super) const WRITER: Self = Self { threads: 1, in_line: 256 };

    /// More readers than processors only wait for each other.
    pub(super) fn of_readers() -> Self {
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads: u32::try_from(processors).unwrap_or(u32::MAX).clamp(1, 4), in_line: 1_024 }
    }
}

/// Why nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("too many wait for the database already")]
    Full,
    #[error("the database has been closed")]
    Closed,
    #[error("the database did not answer within the deadline")]
    Late { begun: bool },
    #[error("a thread of the database was lost")]
    Lost { begun: bool },
}

impl NoAnswer {
    /// Whether the job may have been done all the same.
    pub(super) const fn may_have_happened(self) -> bool {
        matches!(self, Self::Late { begun: true } | Self::Lost { begun: true })
    }
}

/// Who decides about a job: the thread that would do it, or the caller who no longer waits; whoever is first.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// `true` for the first who asks.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Gives the job up when its caller goes away, however it goes.
struct Caller(Claim);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.take();
    }
}

impl Lane {
    pub(super) fn start(
        location: &Location,
        role: Role,
        size: Size,
        deadline: Duration,
        traffic: Arc<Traffic>,
    ) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(size.in_line);
        let (alive, ended) = mpsc::channel(1);
        let (jobs, at_work) = (Arc::new(Mutex::new(jobs)), Arc::new(AtomicU32::new(0)));
        for number in 1..=size.threads {
            let (jobs, at_work, alive) = (Arc::clone(&jobs), Arc::clone(&at_work), alive.clone());
            let link = Link::new(location.clone(), role);
            thread::Builder::new().name(format!("sqlite-{role}-{number}")).spawn(move || {
                work(&jobs, link, &at_work);
                drop(alive);
            })?;
        }
        let (queue, ended) = (Mutex::new(Some(queue)), tokio::sync::Mutex::new(ended));
        Ok(Self { queue, ended, at_work, threads: size.threads, deadline, traffic })
    }

    /// Has a thread do `job`, which claims it before it does anything that matters, and answers `None` when it cannot.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Link, &Claim) -> Option<T> + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let claim = Claim::default();
        let caller = Caller(claim.clone());
        let (reply, answer) = oneshot::channel();
        self.queue_up(Box::new(move |link| {
            if let Some(done) = job(link, &claim) {
                // Whoever no longer listens has been told that nobody knows.
                let _ = reply.send(done);
            }
        }))?;
        match timeout(self.deadline, answer).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(NoAnswer::Lost { begun: !caller.0.take() }),
            Err(_) => Err(NoAnswer::Late { begun: !caller.0.take() }),
        }
    }

    /// For a job that answers in its own way, and takes the time that it takes.
    pub(super) fn queue_up(&self, job: Job) -> Result<(), NoAnswer> {
        let queue = locked(&self.queue);
        let queue = queue.as_ref().ok_or(NoAnswer::Closed)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => NoAnswer::Full,
            TrySendError::Disconnected(_) => NoAnswer::Closed,
        })
    }

    pub(super) fn pool(&self) -> Pool {
        Pool { in_use: self.at_work.load(Ordering::Relaxed), size: self.threads }
    }

    /// Takes nothing more, and waits until what it has taken is done.
    pub(super) async fn close(&self) {
        drop(locked(&self.queue).take());
        let mut ended = self.ended.lock().await;
        if timeout(self.deadline, ended.recv()).await.is_err() {
            tracing::warn!("the database was still at work when it had to be left");
        }
    }
}

/// What every thread of a lane does until the lane is closed and the queue empty.
fn work(jobs: &Mutex<Receiver<Job>>, mut link: Link, at_work: &AtomicU32) {
    loop {
        // One thread waits at the queue, the others for their turn to do so.
        let next = locked(jobs).recv();
        let Ok(job) = next else { break };
        at_work.fetch_add(1, Ordering::Relaxed);
        if catch_unwind(AssertUnwindSafe(|| job(&mut link))).is_err() {
            link.take_back();
        }
        at_work.fetch_sub(1, Ordering::Relaxed);
    }
    link.close();
}

/// What is behind these locks is whole at any moment, whatever happened to the last one who held them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(in_line: usize, deadline: Duration) -> Lane {
        let traffic = Arc::new(Traffic::of("sqlite"));
        Lane::start(&Location::Memory, Role::Writer, Size { threads: 1, in_line }, deadline, traffic).unwrap()
    }

    fn sleeper(millis: u64) -> impl FnOnce(&mut Link, &Claim) -> Option<()> + Send + 'static {
        move |_, claim| claim.take().then(|| thread::sleep(Duration::from_millis(millis)))
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_told_whether_it_had_begun() {
        let lane = lane(8, Duration::from_millis(100));
        let (begun, waiting) = tokio::join!(lane.ask(sleeper(300)), lane.ask(sleeper(0)));
        assert_eq!(begun, Err(NoAnswer::Late { begun: true }));
        assert_eq!(waiting, Err(NoAnswer::Late { begun: false }));
        assert!(begun.unwrap_err().may_have_happened());
        assert!(!waiting.unwrap_err().may_have_happened());
    }

    #[tokio::test]
    async fn a_job_whose_caller_has_gone_is_skipped() {
        let lane = Arc::new(lane(8, Duration::from_secs(5)));
        let done = Arc::new(AtomicBool::new(false));
        let blocker = tokio::spawn({
            let lane = Arc::clone(&lane);
            async move { lane.ask(sleeper(200)).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let noted = Arc::clone(&done);
        let gone = lane.ask(move |_, claim| claim.take().then(|| noted.store(true, Ordering::SeqCst)));
        assert!(timeout(Duration::from_millis(50), gone).await.is_err());
        blocker.await.unwrap().unwrap();
        lane.close().await;
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once() {
        let lane = lane(1, Duration::from_secs(5));
        let answers = tokio::join!(lane.ask(sleeper(100)), lane.ask(sleeper(0)), lane.ask(sleeper(0)));
        assert_eq!(answers.2, Err(NoAnswer::Full));
    }

    #[tokio::test]
    async fn closing_finishes_what_was_taken_and_takes_nothing_more() {
        let lane = lane(8, Duration::from_secs(5));
        let (before, after) = tokio::join!(biased; lane.ask(sleeper(100)), async {
            lane.close().await;
            lane.ask(sleeper(0)).await
        });
        assert_eq!((before, after), (Ok(()), Err(NoAnswer::Closed)));
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_and_not_the_lane() {
        let lane = lane(8, Duration::from_secs(5));
        let lost = lane.ask(|_, claim| claim.take().then(|| panic!("on purpose"))).await;
        assert_eq!(lost, Err::<(), _>(NoAnswer::Lost { begun: true }));
        assert_eq!(lane.ask(sleeper(0)).await, Ok(()));
    }
}
