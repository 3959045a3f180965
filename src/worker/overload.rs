//! Says how many were turned away because hashing was busy: soon after the first of them, then once a minute at most.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::flows::Services;

const LOOK_EVERY: Duration = Duration::from_secs(1);
const SAY_EVERY: Duration = Duration::from_mins(1);

/// How many were turned away, and from when on.
#[derive(Debug, PartialEq, Eq)]
struct Crowd {
    turned_away: u64,
    since: Timestamp,
}

/// What has been said, and when.
#[derive(Default)]
struct Said {
    turned_away: u64,
    at: Option<Duration>,
    /// Nobody was turned away before it of whom nothing was said.
    since: Option<Timestamp>,
}

/// Runs until it is told to stop.
pub async fn overload(services: &Services, stop: &CancellationToken) {
    let mut said = Said::default();
    while super::rest(stop, LOOK_EVERY).await {
        let (now, uptime) = (services.clock.now(), services.clock.uptime());
        if let Some(Crowd { turned_away, since }) = said.next(services.hashing.turned_away(), now, uptime) {
            tracing::warn!(turned_away, %since, "hashing was busy, and people who signed in or up were turned away");
        }
    }
}

impl Said {
    /// What is to be said now, of all that were ever turned away.
    fn next(&mut self, all: u64, now: Timestamp, uptime: Duration) -> Option<Crowd> {
        let turned_away = all.saturating_sub(self.turned_away);
        let since = self.since.unwrap_or(now);
        if turned_away == 0 {
            self.since = Some(now);
            return None;
        }
        self.since = Some(since);
        if self.at.is_some_and(|at| uptime.saturating_sub(at) < SAY_EVERY) {
            return None;
        }
        *self = Self { turned_away: all, at: Some(uptime), since: Some(now) };
        Some(Crowd { turned_away, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_2_the_first_are_told_soon_and_the_others_together_a_minute_later() {
        let mut said = Said::default();
        let mut look = |second: u32, all| {
            let now = Timestamp::from_second(second.into()).unwrap();
            let crowd = said.next(all, now, Duration::from_secs(second.into()));
            crowd.map(|crowd| (crowd.turned_away, crowd.since.as_second()))
        };
        assert_eq!(look(10, 0), None);
        assert_eq!(look(11, 3), Some((3, 10)));
        assert_eq!(look(12, 5), None);
        assert_eq!(look(70, 9), None);
        assert_eq!(look(71, 9), Some((6, 11)));
        assert_eq!(look(200, 9), None, "over");
        assert_eq!(look(300, 10), Some((1, 200)));
    }
}
