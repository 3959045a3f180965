//! What SQLite's errors mean to a flow, and to whoever starts the service.

use rusqlite::{Error, ffi, ffi::ErrorCode};

use super::{location::Location, schema::Halt};
use crate::store::{MigrateError, StoreError};

/// For an error after which it is certain that nothing was written.
pub(super) fn store_error(error: Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        return StoreError::Broken(error.into());
    };
    if is_taken(&error) {
        StoreError::Taken
    } else if is_passing(code) || is_access(code) {
        StoreError::Unavailable(error.into())
    } else {
        StoreError::Broken(error.into())
    }
}

/// For whatever stopped a migration, as a sentence where a person has to act.
pub(super) fn migrate_error(halt: Halt, location: &Location) -> MigrateError {
    let sentence = match halt {
        Halt::FromTheFuture { found, known } => format!(
            "{location} has schema version {found}, but this release knows none above {known}: \
             start the release that wrote it, or restore an older backup"
        ),
        Halt::Foreign => format!("{location} is a SQLite database of something else"),
        Halt::Behind => format!(
            "{location} has the schema of an earlier release, or none: start the service of this release on it once"
        ),
        Halt::Sqlite(error) => match error.sqlite_error_code() {
            Some(code) if is_passing(code) => return MigrateError::Unavailable(error.into()),
            Some(ErrorCode::NotADatabase) => format!("{location} is not a SQLite database"),
            Some(ErrorCode::DatabaseCorrupt) => {
                format!("{location} is damaged: restore a backup ({error})")
            }
            Some(code) if is_access(code) => {
                format!("{location} cannot be opened for reading and writing: {error}")
            }
            _ => format!("{location} does not hold what it should: {error}"),
        },
    };
    MigrateError::Refused(sentence)
}

fn is_taken(error: &Error) -> bool {
    let unique = [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    error.sqlite_extended_error_code().is_some_and(|code| unique.contains(&code))
}

/// May be over in a moment, or once somebody has made room.
const fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted
    )
}

/// We are not let in.
const fn is_access(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
}
