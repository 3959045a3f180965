//! The columns of a row: whatever does not parse is an error, never a default.

use jiff::Timestamp;
use rusqlite::{
    Error, Row,
    types::{FromSql, Type},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{domain::secret::SecretDigest, store::BoxError};

/// Reads the columns of a row from left to right.
pub(super) struct Columns<'row> {
    row: &'row Row<'row>,
    next: usize,
}

/// A column holds what no release writes. What it holds stays out of the log.
#[derive(Debug, thiserror::Error)]
#[error("not {0}")]
pub(super) struct Not(pub(super) &'static str);

impl<'row> Columns<'row> {
    pub(super) const fn of(row: &'row Row<'row>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn value<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    /// Whatever bytes somebody made pass for a text.
    pub(super) fn text_if_any(&mut self) -> rusqlite::Result<Option<String>> {
        let column = self.next;
        self.next += 1;
        let text = self.row.get_ref(column)?.as_bytes_or_null()?;
        Ok(text.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    }

    pub(super) fn parsed<S: FromSql, T, E: Into<BoxError>>(
        &mut self,
        parse: impl FnOnce(S) -> Result<T, E>,
    ) -> rusqlite::Result<T> {
        let column = self.next;
        parse(self.value()?).map_err(|error| unreadable(column, error))
    }

    pub(super) fn id(&mut self) -> rusqlite::Result<Uuid> {
        self.value().map(Uuid::from_bytes)
    }

    pub(super) fn id_if_any(&mut self) -> rusqlite::Result<Option<Uuid>> {
        Ok(self.value::<Option<[u8; 16]>>()?.map(Uuid::from_bytes))
    }

    pub(super) fn digest(&mut self) -> rusqlite::Result<SecretDigest> {
        self.value().map(SecretDigest::from_bytes)
    }

    pub(super) fn number<T: TryFrom<i64, Error: Into<BoxError>>>(&mut self) -> rusqlite::Result<T> {
        self.parsed(T::try_from)
    }

    pub(super) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        self.parsed(Timestamp::from_millisecond)
    }

    pub(super) fn time_if_any(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        self.parsed(|millis: Option<i64>| millis.map(Timestamp::from_millisecond).transpose())
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        self.parsed(|text: String| serde_json::from_str(&text).map_err(|_| Not("the JSON it should be")))
    }

    /// For what only several columns together can be wrong about; blames the last one read.
    pub(super) fn wrong<T>(&self, what: &'static str) -> rusqlite::Result<T> {
        Err(unreadable(self.next.saturating_sub(1), Not(what)))
    }
}

fn unreadable(column: usize, error: impl Into<BoxError>) -> Error {
    Error::FromSqlConversionFailure(column, Type::Null, error.into())
}

/// SQLite's numbers have a sign; none of ours comes near to needing that bit.
pub(super) fn number(value: u64) -> rusqlite::Result<i64> {
    i64::try_from(value).map_err(unwritable)
}

pub(super) fn unwritable(error: impl Into<BoxError>) -> Error {
    Error::ToSqlConversionFailure(error.into())
}
