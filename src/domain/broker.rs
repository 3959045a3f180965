//! A broker: where one of its servers is, and how one signs in to it.

use std::fmt;

use secrecy::SecretString;

#[derive(Clone)]
pub struct Server {
    pub host: String,
    pub port: u16,
    /// Whether it is told nothing without TLS. Otherwise that is as it likes.
    pub tls: bool,
}

#[derive(Clone, Debug)]
pub enum Login {
    None,
    Token(SecretString),
    Password(String, SecretString),
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tls" } else { "nats" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}
