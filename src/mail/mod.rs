//! What we send: a letter in words, and the ways it can go.

pub mod smtp;
pub mod stationery;
mod template;
pub mod terminal;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::domain::{email::Email, id::LetterId};

/// One mail, ready to be sent.
pub struct Mail {
    /// The same at every attempt, so that who gets it twice is shown it once.
    pub id: LetterId,
    pub to: Email,
    pub words: Words,
}

/// What it says. A link in it may carry a token.
pub struct Words {
    pub subject: String,
    pub text: Zeroizing<String>,
    pub html: Zeroizing<String>,
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands it over to whoever delivers it. It ends within [`DEADLINE`].
    async fn send(&self, mail: &Mail) -> Result<(), Undelivered>;

    /// Whether it would take one, as far as that can be known without sending it. It ends within [`DEADLINE`].
    async fn check(&self) -> Result<(), Undelivered>;
}

/// No attempt takes longer.
pub const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

/// Why a mail did not go. Its words are for the log: they name nobody, and hold nothing of the mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It never will.
    #[error("refused: {0}")]
    Refused(String),
    /// It may the next time, and no other would have gone either.
    #[error("{0}")]
    NotNow(String),
    /// It may the next time; others go.
    #[error("{0}")]
    NotThisOne(String),
}
