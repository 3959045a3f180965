//! What can go wrong with a connection to a NATS server.

use std::io;

use super::{Login, words::without_secret};
use crate::domain::clock::NoEntropy;

#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("its name leads to no address in time")]
    NoAddress,
    #[error("no answer in time")]
    Late,
    #[error("it does not say in time that it keeps what it was sent")]
    Silent,
    #[error("it has hung up")]
    HungUp,
    #[error("it speaks no NATS that could be understood")]
    NotNats,
    #[error("it is too old to take headers")]
    NoHeaders,
    #[error("it takes {0} bytes at once, and an event may need 65536")]
    Narrow(usize),
    #[error("it says more than anybody wants to hear")]
    TooMuch,
    #[error("it says more without TLS than who it is")]
    Hasty,
    #[error("it wants TLS, and there is no authority on this machine to believe")]
    NobodyToBelieve,
    #[error("it wants TLS, and its host is no name that a certificate could have")]
    NoName,
    #[error("no TLS with it: {0}")]
    Tls(io::Error),
    #[error("it does not take who we say we are ({0})")]
    Login(String),
    #[error("it says: {0}")]
    Said(String),
    /// That we may not do what we set about.
    #[error("it says: {0}")]
    Forbidden(String),
    #[error("there is nothing to say to it: {0}")]
    Speechless(serde_json::Error),
    #[error("{0}")]
    NoEntropy(#[from] NoEntropy),
}

impl Broken {
    /// A server's own words, as far as they may be repeated.
    pub(super) fn said(words: &str, login: &Login) -> Self {
        let said = without_secret(words, login);
        if words.starts_with("Authorization") || words.starts_with("Authentication") {
            Self::Login(said)
        } else if words.starts_with("Permissions Violation") {
            Self::Forbidden(said)
        } else {
            Self::Said(said)
        }
    }
}
