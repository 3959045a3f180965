//! Whether a certificate is for its host, and for today.
//!
//! rustls says whom it names. It does not say until when it holds, so the few bytes that do are walked to here: a parser
//! of certificates would be a dozen crates for two dates.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use tokio_rustls::rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};

use crate::domain::finding::Finding;

pub const CHECK: &str = "certificate";

/// Whoever renews by themselves does so long before.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

const RENEW: &str =
    "renew it; with cert-manager, `kubectl get certificate,order,challenge` says what keeps it from doing so";

/// The first of those that a file holds, which is the server's own.
pub fn first_of(pem: &[u8]) -> Option<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem).next()?.ok().map(|der| der.to_vec())
}

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
    if until < now {
        found.push(Finding::wrong(CHECK, format!("{whose} expired at {until}"), RENEW));
    } else if until < now + SOON {
        found.push(Finding::warning(CHECK, format!("{whose} expires at {until}"), RENEW));
    } else if now < from {
        let advice = "see whether the clocks are right, and wait";
        found.push(Finding::wrong(CHECK, format!("{whose} holds from {from} on"), advice));
    }
    found
}

fn names(der: &[u8], host: &str) -> bool {
    let der = CertificateDer::from(der);
    let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(&der), ServerName::try_from(host)) else {
        return false;
    };
    verify_server_name(&parsed, &name).is_ok()
}

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let mut der = der;
    let (_, mut certificate) = take(&mut der)?;
    let (_, mut body) = take(&mut certificate)?;
    let (first, _) = take(&mut body)?;
    if first == VERSION {
        let _serial = take(&mut body)?;
    }
    let (_signature, _issuer) = (take(&mut body)?, take(&mut body)?);
    let (_, mut validity) = take(&mut body)?;
    Some((time(take(&mut validity)?)?, time(take(&mut validity)?)?))
}

/// The tag and the content of what comes next, and moves behind it.
fn take<'a>(der: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *der = rest;
    Some((tag, content))
}

/// Two digits of the year are of 1950 to 2049; later ones are written with four.
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = str::from_utf8(text).ok()?;
    let century = match (tag, text.get(..2)?) {
        (UTC_TIME, year) if year < "50" => "20",
        (UTC_TIME, _) => "19",
        _ => "",
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
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

    #[test]
    fn a_year_is_read_in_either_spelling() {
        let from = "2026-01-02T00:00:00Z".parse().unwrap();
        for year in [2049, 2050] {
            let until = format!("{year}-12-31T00:00:00Z").parse().unwrap();
            assert_eq!(validity(&certificate("a.example", year)), Some((from, until)));
        }
    }
}
