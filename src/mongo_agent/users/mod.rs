//! The four users of a set: who they are, and what each may do.

pub(super) mod first;
pub(super) mod keep;
mod roles;

/// All in the database `admin`, all by SCRAM-SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// Ourselves.
    Agent,
    /// The service, in its own database.
    App,
    Backup,
    Monitor,
}

impl User {
    pub(super) const ALL: [Self; 4] = [Self::Agent, Self::App, Self::Backup, Self::Monitor];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Agent => "portcullis-agent",
            Self::App => "portcullis-app",
            Self::Backup => "portcullis-backup",
            Self::Monitor => "portcullis-monitor",
        }
    }

    /// Its password's, in the folder of users.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::App => "app",
            Self::Backup => "backup",
            Self::Monitor => "monitor",
        }
    }
}
