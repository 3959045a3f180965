//! Where NATS is: the servers of one cluster, and the login for them all.

use percent_encoding::percent_decode_str;
use url::Url;

use super::mail_url::is_here;
use crate::domain::broker::{Login, Server};

#[derive(Clone, Debug)]
pub struct NatsUrl {
    /// At least one.
    pub servers: Vec<Server>,
    pub login: Login,
    /// Whether what goes there leaves this machine and need not have TLS.
    pub in_the_clear: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANatsUrl {
    /// The declaration says what would be one.
    #[error("")]
    Scheme,
    #[error("there is no host in it")]
    NoHost,
    #[error("after a host and its port there may be nothing but a comma and the next server")]
    MoreThanThat,
    #[error("a token, or a name and a password, percent-encoded, before the first server")]
    Login,
    #[error("by nats:// the login would be seen by everybody on the way; it may go so to this machine only")]
    InTheClear,
}

const PORT: u16 = 4222;

impl TryFrom<String> for NatsUrl {
    type Error = NotANatsUrl;

    fn try_from(given: String) -> Result<Self, NotANatsUrl> {
        let urls = given.split(',').map(|part| Url::parse(part.trim()).map_err(|_| NotANatsUrl::Scheme));
        let urls = urls.collect::<Result<Vec<_>, _>>()?;
        let servers = urls.iter().map(server).collect::<Result<_, _>>()?;
        let mut logins = urls.iter().map(login);
        let login = logins.next().ok_or(NotANatsUrl::NoHost)??;
        if logins.any(|further| !matches!(further, Ok(Login::None))) {
            return Err(NotANatsUrl::Login);
        }
        let in_the_clear = urls.iter().any(|url| url.scheme() != "tls" && !is_here(url));
        if in_the_clear && !matches!(login, Login::None) {
            return Err(NotANatsUrl::InTheClear);
        }
        Ok(Self { servers, login, in_the_clear })
    }
}

fn server(url: &Url) -> Result<Server, NotANatsUrl> {
    let tls = match url.scheme() {
        "tls" => true,
        "nats" => false,
        _ => return Err(NotANatsUrl::Scheme),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NotANatsUrl::NoHost)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(NotANatsUrl::MoreThanThat);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Server { host, port: url.port().unwrap_or(PORT), tls })
}

fn login(url: &Url) -> Result<Login, NotANatsUrl> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| NotANatsUrl::Login)?;
        Ok(text.into_owned())
    };
    Ok(match (url.username(), url.password()) {
        ("", None) => Login::None,
        ("", Some(_)) => return Err(NotANatsUrl::Login),
        (token, None) => Login::Token(decoded(token)?.into()),
        (name, Some(password)) => Login::Password(decoded(name)?, decoded(password)?.into()),
    })
}

/// Without what is secret in it. What cannot be read is not shown at all: a comma in a password would look like the end of it.
pub(super) fn masked(url: &str) -> String {
    match NatsUrl::try_from(url.to_owned()) {
        _ if url.is_empty() => String::new(),
        Ok(NatsUrl { servers, login, .. }) => {
            let servers = servers.iter().map(Server::to_string).collect::<Vec<_>>().join(",");
            if matches!(login, Login::None) { servers } else { servers.replacen("://", "://***@", 1) }
        }
        Err(_) => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(url: &str) -> Result<NatsUrl, NotANatsUrl> {
        NatsUrl::try_from(url.to_owned())
    }

    fn servers(url: &str) -> Vec<String> {
        read(url).unwrap().servers.iter().map(Server::to_string).collect()
    }

    #[test]
    fn ports_and_tls_are_those_of_the_scheme() {
        assert_eq!(servers("nats://nats.example.org"), ["nats://nats.example.org:4222"]);
        assert_eq!(servers("tls://nats.example.org:4443/"), ["tls://nats.example.org:4443"]);
        assert_eq!(servers("tls://a, nats://[::1]:5"), ["tls://a:4222", "nats://[::1]:5"]);
        assert_eq!(read("nats://[::1]").unwrap().servers[0].host, "::1");
    }

    #[test]
    fn a_login_is_decoded_and_not_shown() {
        let url = read("tls://ada%40x:p%2Cw%20d@a,tls://b").unwrap();
        let Login::Password(name, password) = &url.login else { panic!("{url:?}") };
        assert_eq!((name.as_str(), password.expose_secret()), ("ada@x", "p,w d"));
        assert!(!format!("{url:?}").contains("p,w"));
        let Login::Token(token) = read("tls://t%3Ak@a").unwrap().login else { panic!("no token") };
        assert_eq!(token.expose_secret(), "t:k");
    }

    #[test]
    fn no_secret_is_shown_however_it_was_written() {
        for (url, shown) in [
            ("", ""),
            ("nats://a:1,nats://b", "nats://a:1,nats://b:4222"),
            ("tls://ada:secret@a,tls://b", "tls://***@a:4222,tls://b:4222"),
            ("nats://secret@127.0.0.1", "nats://***@127.0.0.1:4222"),
            // Refused, each for another reason.
            ("nats://secret@a", "***"),
            ("tls://ada:sec,ret@a", "***"),
            ("tls://a,tls://secret@b", "***"),
            ("ada:secret@a", "***"),
        ] {
            assert_eq!(masked(url), shown, "{url}");
        }
    }

    #[test]
    fn what_would_not_work_or_would_not_be_safe_is_refused() {
        for (url, why) in [
            ("nats.example.org", NotANatsUrl::Scheme),
            ("http://a", NotANatsUrl::Scheme),
            ("tls://a,b", NotANatsUrl::Scheme),
            ("tls://a,", NotANatsUrl::Scheme),
            ("nats://", NotANatsUrl::NoHost),
            ("nats://a/subject", NotANatsUrl::MoreThanThat),
            ("nats://a?tls=none", NotANatsUrl::MoreThanThat),
            ("tls://:secret@a", NotANatsUrl::Login),
            ("tls://a,tls://secret@b", NotANatsUrl::Login),
            ("nats://secret@a", NotANatsUrl::InTheClear),
            ("tls://ada:secret@a,nats://b", NotANatsUrl::InTheClear),
        ] {
            assert_eq!(read(url).unwrap_err(), why, "{url}");
        }
        for url in ["nats://secret@127.0.0.1", "nats://ada:secret@localhost", "nats://secret@[::1]"] {
            assert!(read(url).is_ok(), "{url}");
        }
    }
}
