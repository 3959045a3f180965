//! Unnamed: a proxy that nobody has named hides its clients from us, and whoever runs it wants to know.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The latest that was seen.
#[derive(Debug, Default)]
pub struct Unnamed(Mutex<Option<Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    proxy: IpAddr,
    at: Duration,
    said_at: Duration,
}

/// Said once in a while, and forgotten when it is not seen for as long.
const WHILE: Duration = Duration::from_mins(10);

impl Unnamed {
    pub fn note(&self, proxy: IpAddr, uptime: Duration) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said_at = seen.map(|seen| seen.said_at).filter(|at| uptime.saturating_sub(*at) < WHILE);
        *seen = Some(Seen { proxy, at: uptime, said_at: said_at.unwrap_or(uptime) });
        if said_at.is_none() {
            tracing::warn!(
                %proxy,
                "a proxy says for whom it asks, and PORTCULLIS_TRUSTED_PROXIES does not name it: nothing is counted by network for its clients"
            );
        }
    }

    pub fn lately(&self, uptime: Duration) -> Option<IpAddr> {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.filter(|seen| uptime.saturating_sub(seen.at) < WHILE).map(|seen| seen.proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_for_as_long_as_it_is_seen() {
        let (unnamed, proxy) = (Unnamed::default(), IpAddr::from([10, 0, 0, 1]));
        assert_eq!(unnamed.lately(Duration::ZERO), None);
        for at in [0, 9, 18] {
            unnamed.note(proxy, Duration::from_mins(at));
        }
        assert_eq!(unnamed.lately(Duration::from_mins(27)), Some(proxy));
        assert_eq!(unnamed.lately(Duration::from_mins(28)), None);
    }
}
