//! Where the store is; the address of a database may carry its password.

use std::{fmt, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum StoreUrl {
    /// An embedded store that forgets everything at the end.
    Memory,
    /// An embedded store in this file, relative to the data directory.
    File(PathBuf),
    Mongo(SecretString),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAStore {
    /// The declaration says what would be one.
    #[error("")]
    Scheme,
    #[error("a SQLite store is written sqlite:PATH, without slashes before the path and without options")]
    Sqlite,
    #[error("there is no host in it")]
    NoHost,
    #[error("there is a space or a line break in it")]
    Blank,
}

impl TryFrom<String> for StoreUrl {
    type Error = NotAStore;

    fn try_from(given: String) -> Result<Self, NotAStore> {
        if given.contains(char::is_control) {
            return Err(NotAStore::Blank);
        }
        match given.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(Self::Memory),
            Some(("sqlite", path)) => sqlite(path),
            Some(("mongodb" | "mongodb+srv", rest)) => mongo(&given, rest),
            _ => Err(NotAStore::Scheme),
        }
    }
}

/// As other programs write such an address would name a file nobody meant.
fn sqlite(path: &str) -> Result<StoreUrl, NotAStore> {
    if path.is_empty() || path.starts_with("//") || path.starts_with(':') || path.contains('?') {
        return Err(NotAStore::Sqlite);
    }
    Ok(StoreUrl::File(path.into()))
}

/// The driver judges the rest.
fn mongo(given: &str, rest: &str) -> Result<StoreUrl, NotAStore> {
    if given.contains(char::is_whitespace) {
        return Err(NotAStore::Blank);
    }
    let hosts = rest.strip_prefix("//").ok_or(NotAStore::Scheme)?;
    let hosts = hosts.rsplit_once('@').map_or(hosts, |(_, hosts)| hosts);
    if hosts.is_empty() || hosts.starts_with(['/', '?']) {
        return Err(NotAStore::NoHost);
    }
    Ok(StoreUrl::Mongo(given.into()))
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Mongo(_) => f.write_str("Mongo(***)"),
        }
    }
}

/// Options that say nothing secret; others may hold a key's password or a session token.
const HARMLESS: &[&str] = &[
    "appname",
    "authmechanism",
    "authsource",
    "connecttimeoutms",
    "directconnection",
    "journal",
    "loadbalanced",
    "maxpoolsize",
    "minpoolsize",
    "readconcernlevel",
    "readpreference",
    "replicaset",
    "retryreads",
    "retrywrites",
    "serverselectiontimeoutms",
    "ssl",
    "tls",
    "w",
];

/// The address without what is secret in it. What is no address of ours is not shown at all.
pub(super) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once(':') else {
        return "***".to_owned();
    };
    let rest = match scheme {
        "sqlite" => return url.to_owned(),
        "mongodb" | "mongodb+srv" => rest.trim_start_matches('/'),
        _ => return "***".to_owned(),
    };
    // The last @: a password that was not encoded may hold any other sign.
    let (credentials, hosts) = rest.rsplit_once('@').map_or(("", rest), |(_, hosts)| ("***@", hosts));
    let (place, options) =
        hosts.split_once('?').map_or((hosts, None), |(place, options)| (place, Some(options)));
    let options = options.map(|options| options.split('&').map(masked_option).collect::<Vec<_>>().join("&"));
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{scheme}://{credentials}{place}{options}")
}

fn masked_option(option: &str) -> String {
    match option.split_once('=') {
        Some((name, _)) if !HARMLESS.contains(&name.to_ascii_lowercase().as_str()) => format!("{name}=***"),
        Some(_) => option.to_owned(),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(given: &str) -> Option<NotAStore> {
        StoreUrl::try_from(given.to_owned()).err()
    }

    #[test]
    fn every_kind_of_store_is_told_apart() {
        let debug = |given: &str| format!("{:?}", StoreUrl::try_from(given.to_owned()).unwrap());
        assert_eq!(debug("sqlite::memory:"), "Memory");
        assert_eq!(debug("sqlite:portcullis.db"), "File(portcullis.db)");
        assert_eq!(debug("sqlite:/var/lib/p.db"), "File(/var/lib/p.db)");
        assert_eq!(debug("mongodb://u:p@a,b,c/auth?replicaSet=rs0"), "Mongo(***)");
        assert_eq!(debug("mongodb+srv://cluster.example.org/auth"), "Mongo(***)");
    }

    #[test]
    fn what_is_no_store_is_refused_with_a_reason() {
        for (given, why) in [
            ("", NotAStore::Scheme),
            ("portcullis.db", NotAStore::Scheme),
            ("postgres://localhost", NotAStore::Scheme),
            ("mongodb:host", NotAStore::Scheme),
            ("mongodb://", NotAStore::NoHost),
            ("mongodb://u:p@/auth", NotAStore::NoHost),
            ("mongodb://host/auth\n", NotAStore::Blank),
            ("mongodb://host /auth", NotAStore::Blank),
            ("sqlite:", NotAStore::Sqlite),
            ("sqlite://p.db", NotAStore::Sqlite),
            ("sqlite::memory", NotAStore::Sqlite),
            ("sqlite:p.db?mode=ro", NotAStore::Sqlite),
        ] {
            assert_eq!(refused(given), Some(why), "{given:?}");
        }
    }

    #[test]
    fn a_masked_address_says_where_and_not_by_what() {
        for (url, shown) in [
            ("mongodb://ada:hunter2@host/auth?replicaSet=rs0", "mongodb://***@host/auth?replicaSet=rs0"),
            ("mongodb://a,b,c/auth", "mongodb://a,b,c/auth"),
            ("mongodb://ada:hun@ter2/?x@host/auth", "mongodb://***@host/auth"),
            (
                "mongodb+srv://h/?tlsCertificateKeyFilePassword=hunter2",
                "mongodb+srv://h/?tlsCertificateKeyFilePassword=***",
            ),
            ("mongodb://h/?hunter2", "mongodb://h/?***"),
            ("sqlite:portcullis.db", "sqlite:portcullis.db"),
            ("hunter2", "***"),
            ("postgres://ada:hunter2@host", "***"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }

    proptest! {
        #[test]
        fn no_password_survives_masking(password in "[ -~]{1,40}") {
            let url = format!("mongodb://ada:\u{2603}{password}\u{2603}@host/auth");
            prop_assert_eq!(masked(&url), "mongodb://***@host/auth");
        }
    }
}
