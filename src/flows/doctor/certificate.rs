//! Whether a certificate is for its host, and for today.

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::finding::Finding,
    system::x509::{names, validity},
};

pub use crate::system::x509::first_of;

pub const CHECK: &str = "certificate";

/// Whoever renews by themselves does so long before.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

const RENEW: &str =
    "renew it; with cert-manager, `kubectl get certificate,order,challenge` says what keeps it from doing so";

/// What is wrong with it, if anything; `whose` begins the sentence.
pub fn judge(whose: &str, der: &[u8], host: &str, now: Timestamp) -> Vec<Finding> {
    let Some((from, until)) = validity(der) else {
        return vec![Finding::wrong(CHECK, format!("{whose} cannot be read"), "make another")];
    };
    let mut found = Vec::new();
    if !names(der, host) {
        let advice = format!("ask for one that names {host}");
        found.push(Finding::wrong(CHECK, format!("{whose} is not for {host}"), advice));
    }
    if let Some(ends) = ends_soon(whose, until, now) {
        found.push(ends);
    } else if now < from {
        let advice = "see whether the clocks are right, and wait";
        found.push(Finding::wrong(CHECK, format!("{whose} holds from {from} on"), advice));
    }
    found
}

/// Or has ended.
pub fn ends_soon(whose: &str, until: Timestamp, now: Timestamp) -> Option<Finding> {
    if until < now {
        return Some(Finding::wrong(CHECK, format!("{whose} expired at {until}"), RENEW));
    }
    (until < now + SOON).then(|| Finding::warning(CHECK, format!("{whose} expires at {until}"), RENEW))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;
    use crate::domain::finding::State;

    fn certificate(host: &str, until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 2);
        params.not_after = date_time_ymd(until, 12, 31);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn states(der: &[u8], host: &str, now: &str) -> Vec<State> {
        judge("it", der, host, now.parse().unwrap()).into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn it_is_for_its_host_and_for_today() {
        let wildcard = certificate("*.ticketing.dev", 2026);
        assert_eq!(states(&wildcard, "app.ticketing.dev", "2026-06-01T00:00:00Z"), []);
        assert_eq!(states(&wildcard, "ticketing.dev", "2026-06-01T00:00:00Z"), [State::Wrong]);
        assert_eq!(states(&wildcard, "app.ticketing.dev", "2026-12-18T00:00:00Z"), [State::Warning]);
        assert_eq!(states(&wildcard, "app.ticketing.dev", "2027-01-01T00:00:00Z"), [State::Wrong]);
        assert_eq!(states(&wildcard, "app.ticketing.dev", "2026-01-01T00:00:00Z"), [State::Wrong]);
        assert_eq!(states(b"garbage", "app.ticketing.dev", "2026-01-01T00:00:00Z"), [State::Wrong]);
    }
}
