//! What the agent knows at this moment, for whoever asks over HTTP.

use std::time::Duration;

use super::{
    hello::{Role, Seat, Standing},
    passwords::Password,
};
use crate::system::clock::Stopwatch;

/// A secondary that is further behind serves nobody, nor should the next pod go.
pub(super) const MOST_LAG: Duration = Duration::from_secs(30);

/// An election takes seconds; who hears of no primary for so long is cut off.
const WITHOUT_A_PRIMARY: Duration = Duration::from_secs(30);

/// What was seen longer ago says nothing. Every round ends before that.
const FRESH: Duration = Duration::from_secs(30);

/// The rounds have come to a standstill.
const STUCK: Duration = Duration::from_secs(90);

#[derive(Clone, Debug)]
pub(super) struct Board {
    /// `None` while our mongod does not answer.
    pub(super) standing: Option<Standing>,
    /// `None` where nobody can say.
    pub(super) lag: Option<Duration>,
    pub(super) connections: Option<i64>,
    pub(super) rounds: u64,
    pub(super) failures: u64,
    pub(super) looked: Stopwatch,
    /// Since when there is a primary no more.
    pub(super) leaderless: Option<Stopwatch>,
    /// Our own that worked last, even where nobody is signed in with it any more.
    pub(super) password: Option<Password>,
}

/// Why a mongod is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotReady {
    #[error("the name of our mongod does not lead here yet")]
    Nameless,
    #[error("nobody has looked at mongod for a while")]
    Unseen,
    #[error("mongod does not answer")]
    Silent,
    #[error("mongod is neither primary nor secondary")]
    NoMember,
    #[error("mongod has heard of no primary for a while")]
    Leaderless,
    #[error("mongod is too far behind the primary")]
    Behind,
}

impl Board {
    pub(super) fn empty() -> Self {
        let looked = Stopwatch::start();
        Self {
            standing: None,
            lag: None,
            connections: None,
            rounds: 0,
            failures: 0,
            looked,
            leaderless: None,
            password: None,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.looked.elapsed() < STUCK
    }

    pub(super) fn readiness(&self) -> Result<(), NotReady> {
        let leaderless = self.leaderless.map(Stopwatch::elapsed).unwrap_or_default();
        readiness(self.standing.as_ref(), self.lag, self.looked.elapsed(), leaderless)
    }
}

/// A lag that nobody can tell does not count: the primary may just have gone.
fn readiness(
    standing: Option<&Standing>,
    lag: Option<Duration>,
    age: Duration,
    leaderless: Duration,
) -> Result<(), NotReady> {
    if age > FRESH {
        return Err(NotReady::Unseen);
    }
    match standing {
        None => Err(NotReady::Silent),
        Some(Standing::Member(Seat { role: Role::Primary, .. })) => Ok(()),
        Some(Standing::Member(Seat { role: Role::Secondary, .. })) => match lag {
            _ if leaderless > WITHOUT_A_PRIMARY => Err(NotReady::Leaderless),
            Some(lag) if lag >= MOST_LAG => Err(NotReady::Behind),
            _ => Ok(()),
        },
        Some(_) => Err(NotReady::NoMember),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_secs(31);

    pub(in super::super) fn member(role: Role) -> Standing {
        Standing::Member(Seat { role, primary: None, members: 3, has_passives: false, last_write: None })
    }

    #[test]
    fn a_primary_and_a_secondary_that_keeps_up_are_ready() {
        let secondary = member(Role::Secondary);
        assert_eq!(readiness(Some(&member(Role::Primary)), None, NOW, NOW), Ok(()));
        for lag in [None, Some(Duration::from_secs(29))] {
            assert_eq!(readiness(Some(&secondary), lag, NOW, NOW), Ok(()));
        }
        assert_eq!(readiness(Some(&secondary), Some(MOST_LAG), NOW, NOW), Err(NotReady::Behind));
        assert_eq!(readiness(Some(&secondary), None, NOW, LONG), Err(NotReady::Leaderless));
    }

    #[test]
    fn nobody_else_is_ready() {
        assert_eq!(readiness(None, None, NOW, NOW), Err(NotReady::Silent));
        for other in [Standing::Blank, Standing::Outside, Standing::Alone, member(Role::Between)] {
            assert_eq!(readiness(Some(&other), None, NOW, NOW), Err(NotReady::NoMember));
        }
        assert_eq!(readiness(Some(&member(Role::Primary)), None, LONG, NOW), Err(NotReady::Unseen));
    }
}
