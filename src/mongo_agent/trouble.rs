//! What can go wrong between the agent and a mongod, as it may be logged.

use std::error::Error as _;

use mongodb::error::{CommandError, Error, ErrorKind};

/// The driver's own text quotes what was sent, so only names, numbers and the server's words about sets are kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("its name is not known")]
    Nameless,
    #[error("it does not answer ({0})")]
    Silent(String),
    #[error("it does not accept the name and the password")]
    SignIn,
    #[error("it refused: {code} {said}")]
    Refused { code: i32, said: String },
    #[error("{0}")]
    Odd(String),
}

const AUTHENTICATION_FAILED: i32 = 18;
const USER_NOT_FOUND: i32 = 11;

/// What is said with these is about hosts and versions: `NodeNotFound`, `InvalidReplicaSetConfig`,
/// `NewReplicaSetConfigurationIncompatible`, `ConfigurationInProgress`, `CurrentConfigNotCommittedYet`.
const ABOUT_THE_SET: [i32; 5] = [74, 93, 103, 109, 308];

impl Trouble {
    pub(super) fn of(error: &Error) -> Self {
        match &*error.kind {
            ErrorKind::Command(answer) => Self::refused(answer),
            ErrorKind::Authentication { .. } => Self::of_sign_in(error),
            ErrorKind::Io(cause) => Self::Silent(cause.kind().to_string()),
            ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. } => {
                Self::Silent("nobody is there".to_owned())
            }
            ErrorKind::DnsResolve { .. } => Self::Nameless,
            ErrorKind::InvalidTlsConfig { message, .. } => Self::Odd(format!("TLS: {message}")),
            _ => Self::Odd("the driver failed in a way it should not".to_owned()),
        }
    }

    /// A server that is about to end or to change its state refuses as well, and not because of the password.
    fn of_sign_in(error: &Error) -> Self {
        let answer = error.source().and_then(|source| source.downcast_ref::<Error>());
        match answer.map(|answer| &*answer.kind) {
            Some(ErrorKind::Command(answer))
                if ![AUTHENTICATION_FAILED, USER_NOT_FOUND].contains(&answer.code) =>
            {
                Self::refused(answer)
            }
            _ => Self::SignIn,
        }
    }

    fn refused(answer: &CommandError) -> Self {
        let quoted = ABOUT_THE_SET.contains(&answer.code).then_some(&answer.message);
        let said =
            quoted.map_or_else(|| answer.code_name.clone(), |words| format!("{}, {words}", answer.code_name));
        Self::Refused { code: answer.code, said }
    }
}
