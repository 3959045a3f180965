//! How often something was tried: counted where it is decided, so that of two callers each counts.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    SqliteStore,
    columns::Columns,
    purge::{self, Portion},
    statements::statements,
};
use crate::{
    domain::{
        sealed::Sealed,
        secret::SecretDigest,
        throttle::{Attempt, Counter, Curve, Name, Stop, Tally, Try, WrongPair},
    },
    store::{Attempts, BATCH, Count, StoreError},
};

statements! {
    // Looked at before anything is written, in the one place where anything is.
    FULL = "SELECT count, expires_at FROM attempts WHERE id = ?1 AND expires_at > ?2 AND count >= ?3";
    COUNT = "INSERT INTO attempts (id, count, expires_at, label) VALUES (?1, 1, ?2, ?4) ON CONFLICT (id) DO UPDATE SET \
            count = CASE WHEN expires_at > ?3 THEN count + 1 ELSE 1 END, \
            expires_at = CASE WHEN expires_at > ?3 THEN expires_at ELSE excluded.expires_at END, \
            blocked_until = NULL, \
            label = excluded.label \
        RETURNING count, expires_at";
    WAITS_UNTIL = "SELECT blocked_until FROM attempts WHERE id = ?1 AND blocked_until > ?2 AND expires_at > ?2";
    // What it has come to be is computed again wherever it is needed: a statement sees only what was there before it.
    TRY = "INSERT INTO attempts (id, count, expires_at, label) VALUES (?1, 1, ?2 + ?10, ?9) ON CONFLICT (id) DO UPDATE SET \
            count = CASE WHEN expires_at > ?2 THEN count + 1 ELSE 1 END, \
            expires_at = ?2 + CASE WHEN expires_at > ?2 AND count + 1 >= ?4 THEN ?3 ELSE ?10 END, \
            label = excluded.label, \
            blocked_until = CASE \
                WHEN expires_at <= ?2 OR count + 1 < ?4 THEN NULL \
                WHEN count + 1 >= ?5 THEN ?2 + ?3 \
                ELSE ?2 + MIN(?7, ?6 << MIN(count + 1 - ?4, ?8)) END \
        RETURNING blocked_until IS NOT NULL";
    NOTE_PAIR = "INSERT INTO wrong_pairs (network, pair, expires_at) VALUES (?1, ?2, ?3) \
        ON CONFLICT (network, pair) DO UPDATE SET expires_at = excluded.expires_at";
    COUNT_PAIRS = "SELECT count(*) FROM wrong_pairs WHERE network = ?1 AND expires_at > ?2";
    FORGET_PAIRS = "DELETE FROM wrong_pairs WHERE network = ?1";
    PUT = "INSERT INTO attempts (id, count, expires_at, label, blocked_until) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET \
            count = excluded.count, expires_at = max(expires_at, excluded.expires_at), label = excluded.label, \
            blocked_until = coalesce(excluded.blocked_until, blocked_until)";
    FORGET_THE_ONLY_ONE = "DELETE FROM attempts WHERE id = ?1 AND count <= 1";
    // The latest try was so long before the count is forgotten.
    TAKE_BACK = "UPDATE attempts SET count = count - 1, \
            expires_at = CASE WHEN count = ?2 THEN expires_at - ?4 + ?8 ELSE expires_at END, \
            blocked_until = CASE \
                WHEN count - 1 < ?2 THEN NULL \
                WHEN expires_at - ?4 = ?9 THEN ?9 \
                WHEN count - 1 >= ?3 THEN expires_at \
                ELSE expires_at - ?4 + MIN(?6, ?5 << MIN(count - 1 - ?2, ?7)) END \
        WHERE id = ?1";
    FORGET = "DELETE FROM attempts WHERE id = ?1";
    TALLIES = "SELECT id, label, count, blocked_until, expires_at FROM attempts WHERE id > ?2 AND expires_at > ?1 ORDER BY id LIMIT ?3";
    PURGE = "DELETE FROM attempts WHERE rowid IN (SELECT rowid FROM attempts WHERE expires_at < ?1 LIMIT ?2)";
    PURGE_PAIRS = "DELETE FROM wrong_pairs WHERE rowid IN (SELECT rowid FROM wrong_pairs WHERE expires_at < ?1 LIMIT ?2)";
}

#[async_trait]
impl Attempts for SqliteStore {
    async fn count(
        &self,
        what: &Name,
        most: u32,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Count, StoreError> {
        let what = what.clone();
        self.writer.write(move |connection| count(connection, &what, most, until, now)).await
    }

    async fn try_once(&self, attempt: &Attempt, now: Timestamp) -> Result<Try, StoreError> {
        let attempt = attempt.clone();
        self.writer.write(move |connection| try_once(connection, &attempt, now)).await
    }

    async fn note_wrong_pair(
        &self,
        wrong: &WrongPair,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let wrong = wrong.clone();
        self.writer.write(move |connection| note_wrong_pair(connection, &wrong, now)).await
    }

    async fn take_back(&self, counters: &[Counter], tried_at: Timestamp) -> Result<(), StoreError> {
        let counters = counters.to_vec();
        self.writer.write(move |connection| take_back(connection, &counters, tried_at)).await
    }

    async fn forget_tries(&self, what: &[SecretDigest]) -> Result<(), StoreError> {
        let what = what.to_vec();
        self.writer.write(move |connection| forget(connection, &what)).await
    }

    async fn tallies(&self, after: Option<SecretDigest>, now: Timestamp) -> Result<Vec<Tally>, StoreError> {
        self.readers.read(move |connection| tallies(connection, after, now)).await
    }
}

fn count(
    connection: &Connection,
    what: &Name,
    most: u32,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Count> {
    let read = |row: &rusqlite::Row<'_>, counted| {
        let mut columns = Columns::of(row);
        Ok(Count { so_far: columns.number()?, until: columns.time()?, counted })
    };
    let (digest, label) = (what.digest.as_bytes(), what.label.as_bytes());
    let full = params![digest, now.as_millisecond(), most];
    let full = connection.prepare_cached(FULL)?.query_row(full, |row| read(row, false)).optional()?;
    if let Some(full) = full {
        return Ok(full);
    }
    let by = params![digest, until.as_millisecond(), now.as_millisecond(), label];
    connection.prepare_cached(COUNT)?.query_row(by, |row| read(row, true))
}

fn try_once(connection: &Connection, attempt: &Attempt, now: Timestamp) -> rusqlite::Result<Try> {
    let counted = attempt.counters.iter().map(|counter| (&counter.name.digest, Stop::Counter));
    let mut longest = None;
    for (what, at) in counted.chain(attempt.gates.iter().map(|gate| (gate, Stop::Gate))) {
        let until = waits_until(connection, what, now)?;
        longest = longest.max(until.map(|until| (until, at)));
    }
    if let Some((until, at)) = longest {
        return Ok(Try::Wait { until, at });
    }
    let mut next_waits = false;
    for counter in &attempt.counters {
        next_waits |= count_try(connection, counter, now)?;
    }
    Ok(Try::May { next_waits })
}

fn waits_until(
    connection: &Connection,
    what: &SecretDigest,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(WAITS_UNTIL)?;
    statement
        .query_row(params![what.as_bytes(), now.as_millisecond()], |row| Columns::of(row).time())
        .optional()
}

/// Whether the next one has to wait.
fn count_try(connection: &Connection, counter: &Counter, now: Timestamp) -> rusqlite::Result<bool> {
    let Counter { name, curve } = counter;
    let by = params![
        name.digest.as_bytes(),
        now.as_millisecond(),
        millis(curve.memory),
        curve.from,
        curve.last,
        millis(curve.first),
        millis(curve.longest),
        Curve::DOUBLINGS,
        name.label.as_bytes(),
        millis(curve.brief),
    ];
    connection.prepare_cached(TRY)?.query_row(by, |row| row.get(0))
}

fn note_wrong_pair(
    connection: &Connection,
    WrongPair { network, pair, rule }: &WrongPair,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    let (name, forgotten_at) = (network.digest.as_bytes(), now + rule.within);
    let noted = params![name, pair.as_i64(), forgotten_at.as_millisecond()];
    connection.prepare_cached(NOTE_PAIR)?.execute(noted)?;
    let by = params![name, now.as_millisecond()];
    let pairs: u32 = connection.prepare_cached(COUNT_PAIRS)?.query_row(by, |row| row.get(0))?;
    let blocked_until = (pairs >= rule.pairs).then(|| now + rule.pause);
    if blocked_until.is_some() {
        connection.prepare_cached(FORGET_PAIRS)?.execute([name])?;
    }
    connection.prepare_cached(PUT)?.execute(params![
        name,
        pairs,
        blocked_until.unwrap_or(forgotten_at).as_millisecond(),
        network.label.as_bytes(),
        blocked_until.map(Timestamp::as_millisecond),
    ])?;
    Ok(blocked_until)
}

fn take_back(connection: &Connection, counters: &[Counter], tried_at: Timestamp) -> rusqlite::Result<()> {
    for Counter { name, curve } in counters {
        let name = name.digest.as_bytes();
        if connection.prepare_cached(FORGET_THE_ONLY_ONE)?.execute([name])? == 0 {
            connection.prepare_cached(TAKE_BACK)?.execute(params![
                name,
                curve.from,
                curve.last,
                millis(curve.memory),
                millis(curve.first),
                millis(curve.longest),
                Curve::DOUBLINGS,
                millis(curve.brief),
                tried_at.as_millisecond(),
            ])?;
        }
    }
    Ok(())
}

fn forget(connection: &Connection, what: &[SecretDigest]) -> rusqlite::Result<()> {
    for what in what {
        connection.prepare_cached(FORGET)?.execute([what.as_bytes()])?;
        connection.prepare_cached(FORGET_PAIRS)?.execute([what.as_bytes()])?;
    }
    Ok(())
}

fn tallies(
    connection: &Connection,
    after: Option<SecretDigest>,
    now: Timestamp,
) -> rusqlite::Result<Vec<Tally>> {
    let tally = |row: &rusqlite::Row<'_>| tally(&mut Columns::of(row), now);
    // No digest is as short as nothing.
    let after = after.as_ref().map_or(&[][..], |after| after.as_bytes());
    let by = params![now.as_millisecond(), after, i64::try_from(BATCH).unwrap_or(i64::MAX)];
    connection.prepare_cached(TALLIES)?.query_map(by, tally)?.collect()
}

fn tally(columns: &mut Columns<'_>, now: Timestamp) -> rusqlite::Result<Tally> {
    Ok(Tally {
        digest: columns.digest()?,
        label: columns.value::<Option<Vec<u8>>>()?.map(Sealed::from_bytes),
        count: columns.number()?,
        waits_until: columns.time_if_any()?.filter(|until| *until > now),
        forgotten_at: columns.time()?,
    })
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn purge(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE, now)
}

pub(super) fn purge_pairs(connection: &Connection, now: Timestamp) -> rusqlite::Result<Portion> {
    purge::portion(connection, PURGE_PAIRS, now)
}
