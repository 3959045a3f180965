//! The origin that people type: what cookies, links and the same-site check rest on.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

/// Scheme, host and port of the site, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    secure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    #[error("expected an origin such as https://ticketing.dev: scheme, host and, if need be, port")]
    NotAnOrigin,
    #[error(
        "plain http is for loopback hosts only: a session cookie would cross the network in clear; use https"
    )]
    PlainHttp,
}

impl Origin {
    /// As a browser writes it into the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers reach it over HTTPS.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }
}

impl TryFrom<&str> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).map_err(|_| InvalidOrigin::NotAnOrigin)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let secure = url.scheme() == "https";
        if !bare || !anonymous || !(secure || url.scheme() == "http") || url.host().is_none() {
            return Err(InvalidOrigin::NotAnOrigin);
        }
        if !secure && !is_loopback(&url) {
            return Err(InvalidOrigin::PlainHttp);
        }
        Ok(Self { text: url.origin().ascii_serialization(), secure })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_a_browser_writes_it() {
        for (given, written) in [
            ("https://Ticketing.dev", "https://ticketing.dev"),
            ("https://ticketing.dev:443/", "https://ticketing.dev"),
            ("https://ticketing.dev:8443", "https://ticketing.dev:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(Origin::try_from(given).unwrap().as_str(), written);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for given in [
            "",
            "ticketing.dev",
            "https://",
            "ftp://ticketing.dev",
            "https://ticketing.dev/auth",
            "https://ticketing.dev?x",
            "https://ticketing.dev#x",
            "https://me@ticketing.dev",
            "https://me:pw@ticketing.dev",
        ] {
            assert_eq!(Origin::try_from(given), Err(InvalidOrigin::NotAnOrigin), "{given}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for given in ["http://ticketing.dev", "http://10.0.0.1", "http://localhost.evil.org"] {
            assert_eq!(Origin::try_from(given), Err(InvalidOrigin::PlainHttp), "{given}");
        }
        assert!(!Origin::try_from("http://127.0.0.1:3000").unwrap().is_secure());
        assert!(Origin::try_from("https://ticketing.dev").unwrap().is_secure());
    }
}
