//! What a certificate says of itself.
//!
//! rustls says whom it names. It does not say until when it holds, so the few bytes that do are walked to here: a parser
//! of certificates would be a dozen crates for two dates.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use tokio_rustls::rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

/// The first of those that a file holds, which is the server's own.
pub fn first_of(pem: &[u8]) -> Option<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem).next()?.ok().map(|der| der.to_vec())
}

/// Whether it is for that host.
pub fn names(der: &[u8], host: &str) -> bool {
    let der = CertificateDer::from(der);
    let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(&der), ServerName::try_from(host)) else {
        return false;
    };
    verify_server_name(&parsed, &name).is_ok()
}

/// From when on and until when it holds.
pub fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
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

    fn certificate(until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 2);
        params.not_after = date_time_ymd(until, 12, 31);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_year_is_read_in_either_spelling() {
        let from = "2026-01-02T00:00:00Z".parse().unwrap();
        for year in [2049, 2050] {
            let until = format!("{year}-12-31T00:00:00Z").parse().unwrap();
            assert_eq!(validity(&certificate(year)), Some((from, until)));
        }
    }
}
