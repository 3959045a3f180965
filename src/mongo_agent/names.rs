//! Names: of a pod, of the place where a member is reached, of the service's database.

use std::{fmt, net::SocketAddr, str::FromStr};

use mongodb::options::ServerAddress;

/// It is not what it should be; the declaration of the variable says what would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not written as it should be")]
pub struct Misnamed;

/// A pod of a `StatefulSet`: the set's name, a hyphen, its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    name: String,
    ordinal: Ordinal,
}

/// Which pod of the `StatefulSet`, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ordinal(u8);

/// Where a mongod is reached, and its name in the set's configuration: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host(String);

/// How the names of hosts are made, with places for what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

/// The same where only the ordinal is left open: what stands before it, and what behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hosts {
    before: String,
    behind: String,
}

/// A database that one service has to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Database(String);

impl Pod {
    /// That of the `StatefulSet`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn ordinal(&self) -> Ordinal {
        self.ordinal
    }
}

impl fmt::Display for Pod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name, self.ordinal)
    }
}

impl FromStr for Pod {
    type Err = Misnamed;

    fn from_str(given: &str) -> Result<Self, Misnamed> {
        let (name, ordinal) = given.rsplit_once('-').ok_or(Misnamed)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || given.len() > 63 || !name.chars().all(plain) {
            return Err(Misnamed);
        }
        Ok(Self { name: name.to_owned(), ordinal: ordinal.parse()? })
    }
}

impl Ordinal {
    /// Its agent, and no other, makes the set.
    pub(super) const FIRST: Self = Self(0);

    /// A set has seven members with a vote at most.
    const LAST_WITH_A_VOTE: Self = Self(6);

    /// Of so many pods, and of those that may have a vote at least: the set may have been larger, and what was written then
    /// is with them.
    pub(super) fn to_ask(members: u8) -> impl Iterator<Item = Self> {
        (0..members.max(Self::LAST_WITH_A_VOTE.0 + 1)).map(Self)
    }

    pub(super) fn may_vote(self) -> bool {
        self <= Self::LAST_WITH_A_VOTE
    }

    pub(super) const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Ordinal {
    type Err = Misnamed;

    /// One number has one spelling.
    fn from_str(given: &str) -> Result<Self, Misnamed> {
        let number: u8 = given.parse().map_err(|_| Misnamed)?;
        if number.to_string() == given { Ok(Self(number)) } else { Err(Misnamed) }
    }
}

impl Host {
    pub(super) fn address(&self) -> Result<ServerAddress, Misnamed> {
        ServerAddress::parse(&self.0).map_err(|_| Misnamed)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Rather than an address, which is there also where nobody is.
    pub(super) fn is_a_name(&self) -> bool {
        self.0.parse::<SocketAddr>().is_err()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Host {
    type Err = Misnamed;

    fn from_str(given: &str) -> Result<Self, Misnamed> {
        let (host, port) = given.rsplit_once(':').ok_or(Misnamed)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        if host.is_empty() || !host.chars().all(plain) || port.parse::<u16>().is_err() {
            return Err(Misnamed);
        }
        let host = Self(given.to_ascii_lowercase());
        host.address().map(|_| host)
    }
}

impl Pattern {
    pub(super) fn fill(&self, name: &str, namespace: &str, domain: &str) -> Hosts {
        let filled = self.0.replace("{name}", name).replace("{namespace}", namespace);
        let filled = filled.replace("{domain}", domain);
        let (before, behind) = filled.split_once("{ordinal}").unwrap_or((&filled, ""));
        Hosts { before: before.to_owned(), behind: behind.to_owned() }
    }
}

impl FromStr for Pattern {
    type Err = Misnamed;

    /// It is one if it makes hosts, and another one for every ordinal.
    fn from_str(given: &str) -> Result<Self, Misnamed> {
        let pattern = Self(given.to_ascii_lowercase());
        if given.matches("{ordinal}").count() != 1 {
            return Err(Misnamed);
        }
        let Hosts { before, behind } = pattern.fill("n", "n", "n");
        format!("{before}0{behind}").parse::<Host>().map(|_| pattern)
    }
}

impl Hosts {
    pub(super) fn of(&self, ordinal: Ordinal) -> Host {
        Host(format!("{}{ordinal}{}", self.before, self.behind))
    }

    /// `None` for a member that is none of the `StatefulSet`'s.
    pub(super) fn ordinal_of(&self, host: &str) -> Option<Ordinal> {
        host.strip_prefix(&self.before)?.strip_suffix(&self.behind)?.parse().ok()
    }
}

impl Database {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Database {
    type Err = Misnamed;

    /// Those of the server itself are nobody's.
    fn from_str(given: &str) -> Result<Self, Misnamed> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let theirs = ["admin", "local", "config"].contains(&given.to_ascii_lowercase().as_str());
        if given.is_empty() || given.len() > 63 || theirs || !given.chars().all(plain) {
            return Err(Misnamed);
        }
        Ok(Self(given.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_has_the_name_of_its_stateful_set_and_a_number() {
        let pod: Pod = "auth-mongodb-12".parse().unwrap();
        assert_eq!(
            (pod.name(), pod.ordinal(), pod.to_string().as_str()),
            ("auth-mongodb", Ordinal(12), "auth-mongodb-12")
        );
        for wrong in
            ["", "mongodb", "mongodb-", "-1", "mongodb-01", "mongodb-+1", "mongodb-256", "Mongo-1", "a.b-1"]
        {
            assert_eq!(wrong.parse::<Pod>(), Err(Misnamed), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_made_of_a_pattern_and_lead_back_to_their_ordinal() {
        let pattern: Pattern = "{name}-{ordinal}.{name}.{namespace}.{domain}:27017".parse().unwrap();
        let hosts = pattern.fill("auth-mongodb", "portcullis", "svc");
        let second = hosts.of(Ordinal(2));
        assert_eq!(second.as_str(), "auth-mongodb-2.auth-mongodb.portcullis.svc:27017");
        assert_eq!(hosts.ordinal_of(second.as_str()), Some(Ordinal(2)));
        assert_eq!(hosts.ordinal_of("elsewhere:27017"), None);
        let here: Pattern = "127.0.0.1:2701{ordinal}".parse().unwrap();
        assert_eq!(here.fill("a", "b", "c").of(Ordinal(3)).as_str(), "127.0.0.1:27013");
        for wrong in [
            "mongo:27017",
            "{ordinal}",
            "{ordinal}.{ordinal}:1",
            "{ordinal}.{nmae}:1",
            "m-{ordinal}:x",
            "a/{ordinal}:1",
        ] {
            assert_eq!(wrong.parse::<Pattern>(), Err(Misnamed), "{wrong}");
        }
    }

    #[test]
    fn seven_may_vote_and_the_eighth_may_not() {
        assert_eq!(Ordinal::to_ask(9).filter(|ordinal| ordinal.may_vote()).count(), 7);
        assert_eq!([0, 3, 7, 9].map(|members| Ordinal::to_ask(members).count()), [7, 7, 7, 9]);
    }

    #[test]
    fn the_servers_own_databases_are_no_services() {
        assert!("auth".parse::<Database>().is_ok());
        for wrong in ["", "admin", "local", "config", "Admin", "a.b", "a b", "a$", "a/b"] {
            assert_eq!(wrong.parse::<Database>(), Err(Misnamed), "{wrong}");
        }
    }
}
