//! Passwords: read from files whenever they are needed, so that a changed one is seen at once.

use std::{fs::File, io::Read, path::Path};

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::users::User;

/// No password is longer; a log given by mistake is not read to its end.
const LONGEST: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Password(SecretString);

/// Why a file holds no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPassword {
    #[error("the file {0} cannot be read: {1}")]
    Unreadable(String, String),
    #[error(
        "the file {0} has to hold a password of 1 to {LONGEST} printable ASCII characters, and holds something else"
    )]
    Unfit(String),
}

/// The agent's own of before, while it is being changed.
const PREVIOUS: &str = "agent-previous";

impl Password {
    pub(super) fn of(user: User, directory: &Path) -> Result<Self, NoPassword> {
        Self::read(&directory.join(user.file()))
    }

    pub(super) fn previous(directory: &Path) -> Option<Self> {
        Self::read(&directory.join(PREVIOUS)).ok()
    }

    /// One newline at the end is no part of it. Anything but plain characters is spelt in several ways, of which the
    /// next program chooses another.
    fn read(path: &Path) -> Result<Self, NoPassword> {
        let shown = || path.display().to_string();
        let mut text = Zeroizing::new(String::new());
        File::open(path)
            .and_then(|file| file.take(LONGEST as u64 + 2).read_to_string(&mut text))
            .map_err(|error| NoPassword::Unreadable(shown(), error.kind().to_string()))?;
        let password = text.strip_suffix('\n').unwrap_or(&text);
        let plain = password.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if password.is_empty() || password.len() > LONGEST || !plain {
            return Err(NoPassword::Unfit(shown()));
        }
        Ok(Self(password.into()))
    }

    pub(super) fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.reveal().as_bytes().ct_eq(other.reveal().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_holds_a_password_and_at_most_one_newline() {
        let folder = std::env::temp_dir().join(format!("portcullis-passwords-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let read = |text: &str| {
            fs::write(folder.join("app"), text).unwrap();
            Password::of(User::App, &folder)
        };
        for (text, password) in [("secret", "secret"), ("secret\n", "secret"), ("a b", "a b")] {
            assert_eq!(read(text).unwrap().reveal(), password);
        }
        for text in ["", "\n", "secret\n\n", "secret\r\n", "gehe\u{fc}m", &"x".repeat(LONGEST + 1)] {
            let Err(NoPassword::Unfit(said)) = read(text) else { panic!("{text:?} was taken") };
            assert!(said.ends_with("/app"), "{said}");
        }
        assert!(matches!(Password::of(User::Backup, &folder), Err(NoPassword::Unreadable(..))));
        assert!(Password::previous(&folder).is_none());
        fs::remove_dir_all(&folder).unwrap();
    }
}
