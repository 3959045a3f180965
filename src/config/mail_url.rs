//! Where mail goes: a mail server, the terminal, or nowhere; the address of a server may carry a password.

use std::{borrow::Cow, fmt};

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde::Deserialize;
use url::{Host, Url};

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum MailUrl {
    /// Nothing is mailed.
    None,
    /// Printed, for whoever watches.
    Terminal,
    Server(MailServer),
}

#[derive(Clone)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub login: Option<(String, SecretString)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    Implicit,
    StartTls,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAMailUrl {
    /// The declaration says what would be one.
    #[error("")]
    Scheme,
    #[error("there is no host in it")]
    NoHost,
    #[error(
        "after the host and the port of smtp:// there may be ?tls=none and nothing else, and of smtps:// nothing"
    )]
    MoreThanThat,
    #[error("a name and a password come together, both percent-encoded")]
    Login,
    #[error(
        "with tls=none the password would be seen by everybody on the way; it may go so to this machine only"
    )]
    InTheClear,
}

impl TryFrom<String> for MailUrl {
    type Error = NotAMailUrl;

    fn try_from(given: String) -> Result<Self, NotAMailUrl> {
        match given.as_str() {
            "none:" => Ok(Self::None),
            "log:" => Ok(Self::Terminal),
            other => server(other).map(Self::Server),
        }
    }
}

fn server(given: &str) -> Result<MailServer, NotAMailUrl> {
    let url = Url::parse(given).map_err(|_| NotAMailUrl::Scheme)?;
    let (port, tls) = match (url.scheme(), url.query()) {
        ("smtps", None) => (465, MailTls::Implicit),
        ("smtp", None) => (587, MailTls::StartTls),
        ("smtp", Some("tls=none")) => (25, MailTls::None),
        ("smtp" | "smtps", _) => return Err(NotAMailUrl::MoreThanThat),
        _ => return Err(NotAMailUrl::Scheme),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NotAMailUrl::NoHost)?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(NotAMailUrl::MoreThanThat);
    }
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) | (_, None) => return Err(NotAMailUrl::Login),
        (name, Some(password)) => Some((decoded(name)?.into_owned(), decoded(password)?.into_owned().into())),
    };
    if login.is_some() && tls == MailTls::None && !is_here(&url) {
        return Err(NotAMailUrl::InTheClear);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(MailServer { host, port: url.port().unwrap_or(port), tls, login })
}

fn decoded(text: &str) -> Result<Cow<'_, str>, NotAMailUrl> {
    percent_decode_str(text).decode_utf8().map_err(|_| NotAMailUrl::Login)
}

/// Whether what goes there stays on this machine.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        // Of a scheme that is not the web's, what looks like a number is a name to the parser.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}:{})", self.host, self.port)
    }
}

/// Without what is secret in it. What is no address of ours is not shown at all.
pub(super) fn masked(url: &str) -> String {
    match url.split_once("://") {
        None if matches!(url, "none:" | "log:" | "") => url.to_owned(),
        Some((scheme @ ("smtp" | "smtps"), rest)) => {
            // The last @: a password that was not encoded may hold any other sign.
            let (login, place) = rest.rsplit_once('@').map_or(("", rest), |(_, place)| ("***@", place));
            format!("{scheme}://{login}{place}")
        }
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(url: &str) -> Result<MailServer, NotAMailUrl> {
        match MailUrl::try_from(url.to_owned())? {
            MailUrl::Server(server) => Ok(server),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ports_and_tls_are_those_of_the_scheme() {
        for (url, port, tls) in [
            ("smtp://mail.example.org", 587, MailTls::StartTls),
            ("smtps://mail.example.org", 465, MailTls::Implicit),
            ("smtp://mailpit:1025?tls=none", 1025, MailTls::None),
            ("smtp://mailpit/?tls=none", 25, MailTls::None),
        ] {
            let server = read(url).unwrap();
            assert_eq!((server.port, server.tls), (port, tls), "{url}");
        }
        assert_eq!(read("smtp://[::1]:25?tls=none").unwrap().host, "::1");
    }

    #[test]
    fn a_login_is_decoded_and_not_shown() {
        let server = read("smtps://ada%40example.org:p%3Aw%20d@mail.example.org").unwrap();
        let (name, password) = server.login.as_ref().unwrap();
        assert_eq!((name.as_str(), password.expose_secret()), ("ada@example.org", "p:w d"));
        assert!(!format!("{server:?}").contains("p:w"));
        assert_eq!(masked("smtps://ada:s@crt@mail:465"), "smtps://***@mail:465");
        assert_eq!(masked("ada:secret@mail"), "***");
        assert_eq!(masked("log:"), "log:");
    }

    #[test]
    fn what_would_not_work_or_would_not_be_safe_is_refused() {
        for (url, why) in [
            ("mail.example.org", NotAMailUrl::Scheme),
            ("http://mail.example.org", NotAMailUrl::Scheme),
            ("smtp://", NotAMailUrl::NoHost),
            ("smtp://mail?tls=no", NotAMailUrl::MoreThanThat),
            ("smtps://mail?tls=none", NotAMailUrl::MoreThanThat),
            ("smtp://mail/inbox", NotAMailUrl::MoreThanThat),
            ("smtp://ada@mail", NotAMailUrl::Login),
            ("smtp://ada:secret@mail?tls=none", NotAMailUrl::InTheClear),
        ] {
            assert_eq!(read(url).unwrap_err(), why, "{url}");
        }
        assert!(read("smtp://ada:secret@127.0.0.1?tls=none").is_ok());
    }
}
