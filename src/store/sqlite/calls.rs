//! The three kinds of calls, and what may be said when one fails.

use std::{any::type_name, sync::Arc};

use jiff::Timestamp;
use rusqlite::Connection;
use tracing::{Instrument, Span};

use super::{
    connection::{Failed, Link, use_write_ahead_log},
    errors::{migrate_error, store_error},
    lane::{Claim, Lane, NoAnswer},
    location::Location,
    schema::{self, Halt},
};
use crate::{
    store::{MigrateError, StoreError},
    system::clock::Stopwatch,
};

impl Lane {
    /// A read that nobody heard of has changed nothing, whether it ran or not.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (work, read) = (self.timed(work), self.traffic.read());
        let asked = self.ask(|link, claim| claim.take().then(|| link.read(work)));
        let answer = asked.instrument(traced("read")).await;
        read.ends(answer.map_err(unavailable).and_then(|answer| answer.map_err(store_error)))
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_then(work, || ()).await
    }

    /// The same with something to do once it is decided what became of it, also when its caller has gone by then.
    pub(super) async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce() + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = self.timed(work);
        let decide = |link: &mut Link, claim: &Claim| {
            let done = transact(link, claim, work);
            then();
            done
        };
        let write = self.traffic.write();
        write.ends(match self.ask(decide).instrument(traced("write")).await {
            Ok(answer) => answer.map_err(write_error),
            Err(no_answer) if no_answer.may_have_happened() => {
                Err(StoreError::OutcomeUnknown(no_answer.into()))
            }
            Err(no_answer) => Err(unavailable(no_answer)),
        })
    }

    /// The same, and says so if it was slow.
    fn timed<T, W: FnOnce(&Connection) -> rusqlite::Result<T>>(
        &self,
        work: W,
    ) -> impl FnOnce(&Connection) -> rusqlite::Result<T> + use<T, W> {
        let traffic = Arc::clone(&self.traffic);
        move |connection| {
            let watch = Stopwatch::start();
            let done = work(connection);
            traffic.slow.note(name_of(type_name::<W>()), watch.elapsed());
            done
        }
    }

    /// Harmless to repeat, so that it need not be known whether it happened.
    pub(super) async fn migrate(&self, location: &Location, now: Timestamp) -> Result<(), MigrateError> {
        self.settle(location, move |link, claim| migrate(link, claim, now)).await
    }

    /// Whether it may be read as it is.
    pub(super) async fn examine(&self, location: &Location) -> Result<(), MigrateError> {
        self.settle(location, |link, claim| {
            claim.take();
            schema::must_be_current(link.connection()?)
        })
        .await
    }

    async fn settle(
        &self,
        location: &Location,
        work: impl FnOnce(&mut Link, &Claim) -> Result<(), Halt> + Send + 'static,
    ) -> Result<(), MigrateError> {
        let answer = self.ask(move |link, claim| Some(work(link, claim))).await;
        let done = answer.map_err(|no_answer| MigrateError::Unavailable(no_answer.into()))?;
        done.map_err(|halt| migrate_error(halt, location))
    }
}

/// What a collector is told of a call.
fn traced(operation: &'static str) -> Span {
    tracing::info_span!(
        target: "otlp", "store", otel.kind = "client", db.system.name = "sqlite", db.operation.name = operation
    )
}

/// The function that a piece of work was written in, out of the name that the compiler gives to its type: a method of the store.
fn name_of(work: &str) -> &str {
    work.rsplit("::").find(|part| !part.starts_with('{')).unwrap_or(work)
}

/// Looks before it touches anything: what is not ours is left as it is.
fn migrate(link: &mut Link, claim: &Claim, now: Timestamp) -> Result<(), Halt> {
    let connection = link.connection()?;
    schema::examine(connection)?;
    use_write_ahead_log(connection)?;
    match link.transact(|| claim.take(), |connection| schema::migrate(connection, now)) {
        Err(Failed::Begin(error) | Failed::TakenBack(error) | Failed::Unknown(error)) => Err(error.into()),
        Err(Failed::Work(halt)) => Err(halt),
        Ok(()) => schema::must_be_whole(link.connection()?),
        // Whoever asked for it has gone, and reads no answer.
        Err(Failed::Abandoned) => Ok(()),
    }
}

/// What a caller would read who gave a call up, if it still read anything.
const ABANDONED: NoAnswer = NoAnswer::Late { begun: false };

/// Claims the job once the database is ours alone: whoever gives up before then knows that nothing happened.
fn transact<T, E>(
    link: &mut Link,
    claim: &Claim,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Option<Result<T, Failed<E>>> {
    if claim.is_taken() { None } else { Some(link.transact(|| claim.take(), work)) }
}

fn unavailable(no_answer: NoAnswer) -> StoreError {
    StoreError::Unavailable(no_answer.into())
}

fn write_error(failed: Failed<rusqlite::Error>) -> StoreError {
    match failed {
        Failed::Begin(error) | Failed::Work(error) => store_error(error),
        Failed::TakenBack(error) => StoreError::Unavailable(error.into()),
        Failed::Unknown(error) => StoreError::OutcomeUnknown(error.into()),
        Failed::Abandoned => unavailable(ABANDONED),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::{connection::Role, lane::Size},
        *,
    };
    use crate::store::Traffic;

    #[test]
    fn a_piece_of_work_is_named_after_where_it_was_written() {
        for (type_name, name) in [
            (
                "<p::store::sqlite::SqliteStore as p::store::Store>::user_by_email::{{closure}}::{{closure}}",
                "user_by_email",
            ),
            ("p::store::sqlite::signing_keys::all", "all"),
        ] {
            assert_eq!(name_of(type_name), name);
        }
    }

    fn lane(location: &Location) -> Lane {
        let size = Size { threads: 1, in_line: 8 };
        Lane::start(location, Role::Writer, size, Duration::from_secs(5), traffic()).unwrap()
    }

    fn traffic() -> Arc<Traffic> {
        Arc::new(Traffic::of("sqlite"))
    }

    async fn batch(lane: &Lane, statements: &'static str) -> Result<(), StoreError> {
        lane.write(move |connection| connection.execute_batch(statements)).await
    }

    async fn count(lane: &Lane) -> u32 {
        lane.read(|connection| connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_write_that_fails_halfway_leaves_nothing_behind() {
        let lane = lane(&Location::Memory);
        batch(&lane, "CREATE TABLE t (a INTEGER UNIQUE)").await.unwrap();
        let twice = batch(&lane, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)").await;
        assert!(matches!(twice, Err(StoreError::Taken)), "{twice:?}");
        assert_eq!(count(&lane).await, 0);
    }

    #[tokio::test]
    async fn a_commit_that_is_refused_before_it_is_written_did_not_happen() {
        let lane = lane(&Location::Memory);
        let reference = "CREATE TABLE t (a INTEGER PRIMARY KEY, \
            b INTEGER REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)";
        batch(&lane, reference).await.unwrap();
        let dangling = batch(&lane, "INSERT INTO t VALUES (1, 2)").await;
        assert!(matches!(dangling, Err(StoreError::Unavailable(_))), "{dangling:?}");
        assert_eq!(count(&lane).await, 0);
        batch(&lane, "INSERT INTO t VALUES (1, 1)").await.unwrap();
    }

    async fn make_room(lane: &Lane, pages: u32) {
        let limit = move |connection: &Connection| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, u32>(0))
        };
        assert_eq!(lane.read(limit).await.unwrap(), pages);
    }

    #[tokio::test]
    async fn a_full_database_is_unavailable_until_there_is_room() {
        let lane = lane(&Location::Memory);
        batch(&lane, "CREATE TABLE t (a)").await.unwrap();
        make_room(&lane, 3).await;
        let large = "INSERT INTO t VALUES (1), (zeroblob(100000))";
        let full = batch(&lane, large).await;
        assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
        assert_eq!(count(&lane).await, 0);
        make_room(&lane, 1_000).await;
        batch(&lane, large).await.unwrap();
        assert_eq!(count(&lane).await, 2);
    }

    /// As a disk error does; what follows shows that the connection, and with it the limit, is a new one.
    #[tokio::test]
    async fn a_connection_that_ends_a_transaction_by_itself_is_replaced() {
        let folder = std::env::temp_dir().join(format!("portcullis-calls-{}", std::process::id()));
        let location = Location::File(folder.join("t.db"));
        location.prepare().unwrap();
        let lane = lane(&location);
        batch(&lane, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)").await.unwrap();
        make_room(&lane, 3).await;
        let ended = batch(&lane, "INSERT INTO t VALUES (2); INSERT OR ROLLBACK INTO t VALUES (1)").await;
        assert!(matches!(ended, Err(StoreError::Taken)), "{ended:?}");
        assert_eq!(count(&lane).await, 1);
        batch(&lane, "INSERT INTO t VALUES (zeroblob(100000))").await.unwrap();
        lane.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_late_write_that_had_begun_is_of_unknown_outcome_and_one_that_had_not_did_not_happen() {
        let size = Size { threads: 1, in_line: 8 };
        let lane = Lane::start(&Location::Memory, Role::Writer, size, Duration::from_millis(200), traffic())
            .unwrap();
        batch(&lane, "CREATE TABLE t (a)").await.unwrap();
        let slow = lane.write(|connection| {
            std::thread::sleep(Duration::from_millis(400));
            connection.execute_batch("INSERT INTO t VALUES ('slow')")
        });
        let (slow, waiting) = tokio::join!(slow, batch(&lane, "INSERT INTO t VALUES ('waiting')"));
        assert!(matches!(slow, Err(StoreError::OutcomeUnknown(_))), "{slow:?}");
        assert!(matches!(waiting, Err(StoreError::Unavailable(_))), "{waiting:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(count(&lane).await, 1, "the slow one happened after all, the other one did not");
    }
}
