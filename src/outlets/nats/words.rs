//! What servers say, as much of it as may stand in our sentences.

use secrecy::{ExposeSecret, SecretString};

use super::Login;

/// Of more nobody would read the end.
const MOST: usize = 200;

pub(super) fn printable(said: &str) -> String {
    said.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).take(MOST).collect()
}

/// Without our own secret, which a server might hold out to us.
pub(super) fn without_secret(said: &str, login: &Login) -> String {
    let cut = |secret: &SecretString| match secret.expose_secret() {
        "" => said.to_owned(),
        secret => said.replace(secret, "***"),
    };
    match login {
        Login::None => printable(said),
        Login::Token(secret) | Login::Password(_, secret) => printable(&cut(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_short_and_plain() {
        assert_eq!(printable("a\u{1b}[31m b\r\nc\u{202e}é"), "a[31m bc");
        assert_eq!(printable(&"x".repeat(1_000)).len(), MOST);
    }

    #[test]
    fn a_secret_that_is_held_out_to_us_is_not_repeated() {
        let login = Login::Password("ada".to_owned(), "hunter2".into());
        assert_eq!(without_secret("wrong: hunter2", &login), "wrong: ***");
        let at_the_end = format!("{}hunter2", "x".repeat(MOST - 3));
        assert!(!without_secret(&at_the_end, &login).contains("hun"));
        assert_eq!(without_secret("wrong", &Login::Token(String::new().into())), "wrong");
    }
}
