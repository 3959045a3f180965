//! What an error of the driver means: what is certain to have happened, and what nobody can know.

use mongodb::error::{Error, ErrorKind, InsertManyError, NO_WRITES_PERFORMED, WriteFailure};

use crate::store::StoreError;

use super::documents::Misfit;

const DUPLICATE_KEY: i32 = 11000;
const DOCUMENT_VALIDATION_FAILURE: i32 = 121;

/// A server answers so before it begins: it may not write (10107, 13435, 10058), or the caller may not (13, 18).
const REFUSED_BEFORE_IT_BEGAN: [i32; 5] = [10107, 13435, 10058, 13, 18];

/// A call's failure, as it may be logged. The driver's own text quotes documents, so only its names and numbers are kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("no answer in time")]
    Late,
    #[error("the store has not been opened yet")]
    NotYet,
    #[error("the store has been let go of")]
    Closed,
    #[error("too many calls are under way")]
    Crowded,
    #[error("a restore into the store is under way, or broke off")]
    Importing,
    #[error("the store has been emptied, or is another one: restart the service, which sets it up")]
    Emptied,
    #[error("the store shows one moment for five minutes only: raise minSnapshotHistoryWindowInSeconds")]
    TooLong,
    /// The servers answer, and are not what the URL asks for.
    #[error("{0}")]
    Misfit(String),
    #[error("{0}")]
    Driver(String),
}

impl Cause {
    pub(super) fn of(error: &Error) -> Self {
        Self::Driver(describe(error))
    }

    pub(super) fn unavailable(self) -> StoreError {
        StoreError::Unavailable(Box::new(self))
    }
}

impl From<Misfit> for StoreError {
    fn from(misfit: Misfit) -> Self {
        Self::Broken(Box::new(misfit))
    }
}

/// A read that failed has changed nothing, whatever the reason.
pub(super) fn of_read(error: &Error) -> StoreError {
    let cause = Box::new(Cause::of(error));
    match &*error.kind {
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } | ErrorKind::InvalidArgument { .. } => {
            StoreError::Broken(cause)
        }
        _ => StoreError::Unavailable(cause),
    }
}

/// A write that failed after `tries` connections were used for it (0: it cannot have reached a server).
pub(super) fn of_write(error: &Error, tries: u32) -> StoreError {
    let cause = Box::new(Cause::of(error));
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(answer)) if answer.code == DUPLICATE_KEY => {
            StoreError::Taken
        }
        ErrorKind::Command(answer) if answer.code == DUPLICATE_KEY => StoreError::Taken,
        ErrorKind::InsertMany(answer) if is_taken(answer) => StoreError::Taken,
        // The server took the document apart and refused it; a repeat that had got through would have said so.
        ErrorKind::Write(WriteFailure::WriteError(_))
        | ErrorKind::Bson(_)
        | ErrorKind::InvalidArgument { .. } => StoreError::Broken(cause),
        ErrorKind::Command(answer) if answer.code == DOCUMENT_VALIDATION_FAILURE => StoreError::Broken(cause),
        _ if nothing_was_written(error, tries) => StoreError::Unavailable(cause),
        _ => StoreError::OutcomeUnknown(cause),
    }
}

/// Which of many were refused because something of theirs is another's, where that is all that went wrong: the rest was written.
pub(super) fn duplicates(error: Error) -> Result<Vec<usize>, Error> {
    let ErrorKind::InsertMany(answer) = &*error.kind else { return Err(error) };
    let refused = answer.write_errors.as_deref().unwrap_or_default();
    if answer.write_concern_error.is_none()
        && !refused.is_empty()
        && refused.iter().all(|one| one.code == DUPLICATE_KEY)
    {
        return Ok(refused.iter().map(|one| one.index).collect());
    }
    Err(error)
}

/// A write that was given up at the deadline.
pub(super) fn of_late_write(tries: u32) -> StoreError {
    let cause = Box::new(Cause::Late);
    if tries == 0 { StoreError::Unavailable(cause) } else { StoreError::OutcomeUnknown(cause) }
}

fn is_taken(answer: &InsertManyError) -> bool {
    answer.write_errors.iter().flatten().any(|error| error.code == DUPLICATE_KEY)
}

/// Of two tries the error describes one: the driver's repeat may be refused where the first try got through.
fn nothing_was_written(error: &Error, tries: u32) -> bool {
    match &*error.kind {
        _ if tries == 0 || error.contains_label(NO_WRITES_PERFORMED) => true,
        ErrorKind::Command(answer) => tries == 1 && REFUSED_BEFORE_IT_BEGAN.contains(&answer.code),
        _ => false,
    }
}

fn describe(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Command(answer) => format!("the server answered {} {}", answer.code, answer.code_name),
        ErrorKind::Write(WriteFailure::WriteError(answer)) => {
            format!(
                "the server refused the write: {} {}",
                answer.code,
                answer.code_name.as_deref().unwrap_or("")
            )
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(answer)) => {
            format!("the write was not confirmed: {} {}", answer.code, answer.code_name)
        }
        ErrorKind::Bson(misfit) => match &misfit.key {
            Some(key) => format!("a document does not have the shape it should, at `{key}`"),
            None => "a document does not have the shape it should".to_owned(),
        },
        ErrorKind::Io(_)
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::SessionsNotSupported
        | ErrorKind::Shutdown => error.kind.to_string(),
        _ => "the driver failed in a way it should not".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use mongodb::error::{CommandError, WriteConcernError, WriteError};
    use serde_json::{from_value, json};

    use super::*;

    fn command(code: i32) -> Error {
        let answer: CommandError =
            from_value(json!({ "code": code, "codeName": "Name", "errmsg": "ada" })).unwrap();
        ErrorKind::Command(answer).into()
    }

    fn write(code: i32) -> Error {
        let answer: WriteError = from_value(json!({ "code": code, "errmsg": "ada" })).unwrap();
        ErrorKind::Write(WriteFailure::WriteError(answer)).into()
    }

    fn unconfirmed(code: i32) -> Error {
        let answer: WriteConcernError = from_value(json!({ "code": code, "errmsg": "ada" })).unwrap();
        ErrorKind::Write(WriteFailure::WriteConcernError(answer)).into()
    }

    fn network() -> Error {
        io::Error::from(io::ErrorKind::ConnectionReset).into()
    }

    #[test]
    fn the_same_error_is_certain_before_a_connection_was_had_and_unknown_after() {
        for error in [network(), command(50), unconfirmed(64)] {
            assert!(matches!(of_write(&error, 0), StoreError::Unavailable(_)), "{error}");
            assert!(matches!(of_write(&error, 1), StoreError::OutcomeUnknown(_)), "{error}");
        }
        assert!(matches!(of_late_write(0), StoreError::Unavailable(_)));
        assert!(matches!(of_late_write(1), StoreError::OutcomeUnknown(_)));
    }

    #[test]
    fn a_refusal_is_certain_only_when_there_was_one_try() {
        for code in REFUSED_BEFORE_IT_BEGAN {
            assert!(matches!(of_write(&command(code), 1), StoreError::Unavailable(_)), "{code}");
            assert!(matches!(of_write(&command(code), 2), StoreError::OutcomeUnknown(_)), "{code}");
        }
    }

    #[test]
    fn what_nobody_has_heard_of_is_unknown_for_a_write_and_nothing_for_a_read() {
        for error in [command(4_711), unconfirmed(10_107), network()] {
            assert!(matches!(of_write(&error, 1), StoreError::OutcomeUnknown(_)), "{error}");
            assert!(matches!(of_read(&error), StoreError::Unavailable(_)), "{error}");
        }
    }

    #[test]
    fn an_answered_refusal_of_a_document_is_taken_or_broken() {
        for tries in [1, 2] {
            assert!(matches!(of_write(&write(11_000), tries), StoreError::Taken));
            assert!(matches!(of_write(&command(11_000), tries), StoreError::Taken));
            assert!(matches!(of_write(&write(121), tries), StoreError::Broken(_)));
            assert!(matches!(of_write(&command(121), tries), StoreError::Broken(_)));
        }
    }

    #[test]
    fn the_server_s_own_words_are_not_repeated() {
        for error in [command(13), write(121), unconfirmed(64)] {
            let cause = Cause::of(&error);
            assert!(!format!("{cause} {cause:?}").contains("ada"), "{cause}");
        }
    }
}
