//! How the database is as a whole: its indexes, and the disk that it is on.

use std::{collections::BTreeSet, path::Path};

use rusqlite::Connection;

use super::{columns::Columns, location::Location, schema::MIGRATIONS, statements::statements};
use crate::store::{MOST_LETTERS, Share, Vitals};

const NAMES: &str = "SELECT name FROM sqlite_schema WHERE type = 'index'";

statements! {
    LETTERS = "SELECT min(count(*), ?1) FROM users WHERE write_at > 0";
}

pub(super) fn look(connection: &Connection, location: &Location) -> rusqlite::Result<Vitals> {
    let mut names = connection.prepare_cached(NAMES)?;
    let there: BTreeSet<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let missing = wanted().into_iter().filter(|name| !there.contains(*name)).map(str::to_owned);
    let storage = match location {
        Location::File(path) => disk_of(path),
        Location::Memory => None,
    };
    let letters = connection
        .prepare_cached(LETTERS)?
        .query_row([MOST_LETTERS.cast_signed()], |row| Columns::of(row).number())?;
    Ok(Vitals { missing_indexes: missing.collect(), storage, letters: Some(letters), ..Vitals::default() })
}

/// Those that the migrations make and do not remove again.
fn wanted() -> BTreeSet<&'static str> {
    let mut wanted = BTreeSet::new();
    let words: Vec<&str> = MIGRATIONS.iter().flat_map(|migration| migration.split_whitespace()).collect();
    for words in words.windows(3) {
        match words {
            ["CREATE" | "UNIQUE", "INDEX", name] => wanted.insert(*name),
            ["DROP", "INDEX", name] => wanted.remove(name.trim_end_matches(';')),
            _ => false,
        };
    }
    wanted
}

/// As much as others than the system's own may use.
fn disk_of(path: &Path) -> Option<Share> {
    let told = rustix::fs::statvfs(path).ok()?;
    let used = told.f_blocks.saturating_sub(told.f_bfree);
    Some(Share { used: used * told.f_frsize, of: (used + told.f_bavail) * told.f_frsize })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{super::schema, *};

    #[test]
    fn a_fresh_database_lacks_nothing_and_one_whose_index_is_dropped_lacks_that() {
        let connection = Connection::open_in_memory().unwrap();
        schema::migrate(&connection, Timestamp::UNIX_EPOCH).unwrap();
        let missing = || look(&connection, &Location::Memory).unwrap().missing_indexes;
        assert_eq!(missing(), [""; 0]);
        connection.execute_batch("DROP INDEX events_of_a_user").unwrap();
        assert_eq!(missing(), ["events_of_a_user"]);
    }

    #[test]
    fn a_disk_is_never_fuller_than_full() {
        let share = disk_of(&std::env::temp_dir()).unwrap();
        assert!(share.of > 0 && (0.0..=1.0).contains(&share.ratio()), "{share:?}");
    }
}
