//! What a mongod says of itself to anybody who asks.

use mongodb::bson::{self, DateTime, Document, doc};
use serde::Deserialize;

use super::{mongod::Mongod, trouble::Trouble, users::User};

/// Where a mongod stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has made it a member of anything, nor given it a user.
    Blank,
    /// It has users, and no set counts it in: it was taken out, or has not yet read what it knows.
    Outside,
    /// It was not started as a member of a set at all.
    Alone,
    Member(Seat),
}

/// The place of a member in its set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) role: Role,
    /// Whom it takes for the primary.
    pub(super) primary: Option<String>,
    pub(super) members: usize,
    /// Whether there is a member that cannot become primary, as one that has just been added.
    pub(super) has_passives: bool,
    pub(super) last_write: Option<DateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Secondary,
    /// Starting, being filled, or recovering.
    Between,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    set_name: Option<String>,
    /// So an uninitiated member of a set to be calls itself.
    #[serde(default)]
    isreplicaset: bool,
    #[serde(default)]
    is_writable_primary: bool,
    #[serde(default)]
    secondary: bool,
    primary: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    passives: Vec<String>,
    last_write: Option<LastWrite>,
    /// There if, and only if, the user is.
    sasl_supported_mechs: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LastWrite {
    last_write_date: DateTime,
}

/// Asks who it is, and whether it knows our user: one that was taken out of its set says of itself what one that
/// never was in any says, but for that.
pub(super) async fn hello(mongod: &Mongod) -> Result<Standing, Trouble> {
    let user = format!("admin.{}", User::Agent.name());
    read(mongod.run(doc! { "hello": 1, "saslSupportedMechs": user }).await?)
}

fn read(reply: Document) -> Result<Standing, Trouble> {
    let reply: Reply = bson::deserialize_from_document(reply)
        .map_err(|_| Trouble::Odd("it does not answer as a mongod does".to_owned()))?;
    if reply.set_name.is_none() {
        return Ok(match (reply.isreplicaset, reply.sasl_supported_mechs) {
            (false, _) => Standing::Alone,
            (true, None) => Standing::Blank,
            (true, Some(_)) => Standing::Outside,
        });
    }
    Ok(Standing::Member(Seat {
        role: match (reply.is_writable_primary, reply.secondary) {
            (true, _) => Role::Primary,
            (false, true) => Role::Secondary,
            (false, false) => Role::Between,
        },
        primary: reply.primary,
        members: reply.hosts.len() + reply.passives.len(),
        has_passives: !reply.passives.is_empty(),
        last_write: reply.last_write.map(|last| last.last_write_date),
    }))
}

impl Standing {
    /// Whether it has been in a set, or is.
    pub(super) const fn has_lived(&self) -> bool {
        !matches!(self, Self::Blank)
    }

    pub(super) const fn is_primary(&self) -> bool {
        matches!(self, Self::Member(Seat { role: Role::Primary, .. }))
    }

    /// One word, for whoever counts.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Outside => "outside",
            Self::Alone => "alone",
            Self::Member(Seat { role: Role::Primary, .. }) => "primary",
            Self::Member(Seat { role: Role::Secondary, .. }) => "secondary",
            Self::Member(Seat { role: Role::Between, .. }) => "between",
        }
    }

    pub(super) const WORDS: [&'static str; 6] =
        ["blank", "outside", "alone", "primary", "secondary", "between"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_never_was_in_a_set_is_told_from_one_that_was() {
        let none = doc! { "isreplicaset": true, "info": "Does not have a valid replica set config" };
        let mut was = none.clone();
        was.insert("saslSupportedMechs", vec!["SCRAM-SHA-256"]);
        assert_eq!(read(none), Ok(Standing::Blank));
        assert_eq!(read(was), Ok(Standing::Outside));
        assert_eq!(read(doc! { "isWritablePrimary": true }), Ok(Standing::Alone));
    }

    #[test]
    fn a_member_says_its_role_and_whom_it_takes_for_the_primary() {
        let secondary = doc! {
            "setName": "rs0", "isWritablePrimary": false, "secondary": true, "primary": "a:1",
            "hosts": ["a:1", "b:1"], "passives": ["c:1"], "lastWrite": { "lastWriteDate": DateTime::from_millis(5) },
        };
        let Ok(Standing::Member(seat)) = read(secondary) else { panic!("no member") };
        assert_eq!((seat.role, seat.primary.as_deref(), seat.members), (Role::Secondary, Some("a:1"), 3));
        assert!(seat.has_passives && seat.last_write == Some(DateTime::from_millis(5)));
        let starting = doc! { "setName": "rs0", "isWritablePrimary": false, "secondary": false };
        let Ok(Standing::Member(seat)) = read(starting) else { panic!("no member") };
        assert_eq!((seat.role, seat.primary, seat.last_write), (Role::Between, None, None));
    }

    #[test]
    fn an_answer_of_another_shape_is_not_believed() {
        assert!(matches!(read(doc! { "setName": 5 }), Err(Trouble::Odd(_))));
    }
}
