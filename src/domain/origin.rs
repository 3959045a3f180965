//! The origin that people type: a scheme, a host and perhaps a port.

use std::{fmt, str::FromStr};

use serde::Deserialize;
use url::{Host, Url};

/// Either https, or plain http on a loopback host, where a browser lets a cookie do without https.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin {
    text: String,
    secure: bool,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrigin {
    #[error("the scheme must be https or http")]
    Scheme,
    #[error("there is no host in it")]
    Host,
    #[error("it may have a scheme, a host and a port, and nothing else")]
    MoreThanThat,
    #[error("plain http is for loopback hosts only (localhost, 127.0.0.1, [::1])")]
    PlainHttp,
}

impl Origin {
    /// As a browser writes it in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is https, and so its cookies are `Secure`.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host alone, as people know it.
    pub fn host(&self) -> &str {
        let host = self.text.split_once("://").map_or("", |(_, rest)| rest);
        host.strip_suffix(&format!(":{}", self.port)).unwrap_or(host)
    }

    /// The scheme's own where none is written.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(given: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, rest) = given.split_once("://").ok_or(NotAnOrigin::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(NotAnOrigin::Scheme),
        };
        // The parser would quietly drop or mend what does not belong here.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(|c: char| "/\\?#@*".contains(c) || c.is_whitespace() || c.is_control()) {
            return Err(NotAnOrigin::MoreThanThat);
        }
        let url = Url::parse(given).map_err(|_| NotAnOrigin::Host)?;
        if !secure && !url.host().is_some_and(|host| is_loopback(&host)) {
            return Err(NotAnOrigin::PlainHttp);
        }
        let port = url.port_or_known_default().ok_or(NotAnOrigin::Scheme)?;
        Ok(Self { text: url.origin().ascii_serialization(), secure, port })
    }
}

impl TryFrom<String> for Origin {
    type Error = NotAnOrigin;

    fn try_from(given: String) -> Result<Self, NotAnOrigin> {
        given.parse()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_a_browser_would_write_it() {
        for (given, kept, port) in [
            ("https://ticketing.dev", "https://ticketing.dev", 443),
            ("HTTPS://Ticketing.dev:443/", "https://ticketing.dev", 443),
            ("https://b\u{fc}cher.example:8443", "https://xn--bcher-kva.example:8443", 8443),
            ("http://localhost:3000", "http://localhost:3000", 3000),
            ("http://127.8.9.1", "http://127.8.9.1", 80),
            ("http://[::1]:80", "http://[::1]", 80),
        ] {
            let origin: Origin = given.parse().unwrap();
            assert_eq!((origin.as_str(), origin.port()), (kept, port));
            assert_eq!(origin.is_secure(), kept.starts_with("https"));
        }
    }

    #[test]
    fn plain_http_is_refused_on_every_host_but_loopback() {
        for given in
            ["http://ticketing.dev", "http://10.0.0.1", "http://localhost.evil.org", "http://0.0.0.0:3000"]
        {
            assert_eq!(given.parse::<Origin>(), Err(NotAnOrigin::PlainHttp), "{given}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for (given, why) in [
            ("ticketing.dev", NotAnOrigin::Scheme),
            ("ftp://ticketing.dev", NotAnOrigin::Scheme),
            ("https:ticketing.dev", NotAnOrigin::Scheme),
            ("https://", NotAnOrigin::Host),
            ("https://:3000", NotAnOrigin::Host),
            ("https://ticketing.dev:99999", NotAnOrigin::Host),
            ("https://ticketing.dev/app", NotAnOrigin::MoreThanThat),
            ("https://ticketing.dev//", NotAnOrigin::MoreThanThat),
            ("https://ticketing.dev?a", NotAnOrigin::MoreThanThat),
            ("https://ticketing.dev#", NotAnOrigin::MoreThanThat),
            ("https://user@ticketing.dev", NotAnOrigin::MoreThanThat),
            ("https://*.ticketing.dev", NotAnOrigin::MoreThanThat),
            ("https://ticketing.dev\n", NotAnOrigin::MoreThanThat),
        ] {
            assert_eq!(given.parse::<Origin>(), Err(why), "{given:?}");
        }
    }
}
