//! Where the agent is with its work, as a sentence of the log.

use std::fmt;

use super::{
    hello::Role,
    names::Host,
    session::NoSession,
    trouble::Trouble,
    users::{User, keep::NotKept},
};

pub(super) enum Stage {
    /// Our own mongod does not answer.
    Silent(Trouble),
    /// Our own mongod was not started as a member of a set.
    Alone,
    AwaitingPeers(Vec<String>),
    AwaitingFirst(Host),
    AwaitingPrimary,
    /// Some have been in a set, and there is none.
    Stranded(Vec<Host>),
    TakenOut,
    Initiated(Host),
    Asked(Host),
    /// The set knows our mongod, which does not know it yet.
    AwaitingTheSet,
    /// As primary, while somebody is still without the vote that is meant for him.
    Filling,
    Settled(Role),
    NotInitiated(Trouble),
    NotAsked(Host, NoSession),
    NotSignedIn(NoSession),
    UsersNotKept(Vec<(User, NotKept)>),
    NotPromoted(Trouble),
}

/// How soon to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Something is on its way.
    Soon,
    /// Nothing is to be done.
    Calm,
    /// Something is wrong: later each time.
    BackOff,
}

impl Stage {
    pub(super) const fn pace(&self) -> Pace {
        match self {
            Self::Initiated(_)
            | Self::Asked(_)
            | Self::AwaitingTheSet
            | Self::AwaitingPeers(_)
            | Self::AwaitingFirst(_)
            | Self::AwaitingPrimary
            | Self::Filling
            | Self::Settled(Role::Between) => Pace::Soon,
            Self::Settled(Role::Primary | Role::Secondary) => Pace::Calm,
            Self::Silent(_)
            | Self::Alone
            | Self::Stranded(_)
            | Self::TakenOut
            | Self::NotInitiated(_)
            | Self::NotAsked(..)
            | Self::NotSignedIn(_)
            | Self::UsersNotKept(_)
            | Self::NotPromoted(_) => Pace::BackOff,
        }
    }

    /// Whether something went wrong, rather than has to be waited for.
    pub(super) const fn is_failure(&self) -> bool {
        matches!(self.pace(), Pace::BackOff) && !matches!(self, Self::TakenOut)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(trouble) => write!(f, "waiting for our mongod: {trouble}"),
            Self::Alone => f.write_str("our mongod is no member of a set to be: start it with --replSet rs0"),
            Self::AwaitingPeers(silent) => {
                write!(f, "there is no set that we know of, and others have to be asked first: {}", silent.join("; "))
            }
            Self::AwaitingFirst(host) => write!(f, "waiting for the agent of {host} to make the set"),
            Self::AwaitingPrimary => f.write_str("there is a set, and it has no primary to ask: waiting for one"),
            Self::Stranded(hosts) => {
                let hosts: Vec<&str> = hosts.iter().map(Host::as_str).collect();
                write!(
                    f,
                    "no set is made, because {} may hold the data of one and belong to none: start those again whose name \
                     was not known when they started, bring back a member of that set, or remove all volumes if the data may go",
                    hosts.join(", ")
                )
            }
            Self::TakenOut => f.write_str(
                "our mongod is outside of the set: it is starting, or was taken out; scale down, or delete this pod to have it back",
            ),
            Self::Initiated(host) => write!(f, "made the set, of {host} alone at first"),
            Self::Asked(host) => write!(f, "added {host} to the set, without a vote at first"),
            Self::AwaitingTheSet => f.write_str("the set knows our mongod and will fill it"),
            Self::Filling => {
                f.write_str("our mongod is primary, and all users are right; a member is being filled before it gets its vote")
            }
            Self::Settled(Role::Primary) => f.write_str("our mongod is primary, and all users are right"),
            Self::Settled(Role::Secondary) => f.write_str("our mongod is secondary"),
            Self::Settled(Role::Between) => {
                f.write_str("our mongod is a member, and neither primary nor secondary: it starts, is filled or recovers")
            }
            Self::NotInitiated(trouble) => write!(f, "the set cannot be made: {trouble}"),
            Self::NotAsked(host, reason) => write!(f, "cannot ask the primary {host} to be added: {reason}"),
            Self::NotSignedIn(reason) => write!(
                f,
                "cannot sign in to our mongod as {}: {reason}; where its password was changed, give the one of before as agent-previous",
                User::Agent.name()
            ),
            Self::UsersNotKept(wrong) => {
                f.write_str("users are not as they should be")?;
                wrong.iter().try_for_each(|(user, reason)| write!(f, "; {}: {reason}", user.name()))
            }
            Self::NotPromoted(trouble) => write!(f, "a member cannot be given its vote: {trouble}"),
        }
    }
}
