//! What servers say, as much of it as may stand in our sentences.

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::Login;

/// Of more nobody would read the end.
const MOST: usize = 200;

/// Without our own secret, which a server might hold out to us: in one piece, or with something in it that we leave out.
pub(super) fn without_secret(said: &str, login: &Login) -> String {
    let said = plain(said);
    let said = match login {
        Login::None => said,
        Login::Token(secret) | Login::Password(_, secret) => {
            match Zeroizing::new(plain(secret.expose_secret())).as_str() {
                "" => said,
                secret => said.replace(secret, "***"),
            }
        }
    };
    said.chars().take(MOST).collect()
}

fn plain(said: &str) -> String {
    said.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_short_and_plain() {
        let said = |words: &str| without_secret(words, &Login::None);
        assert_eq!(said("a\u{1b}[31m b\r\nc\u{202e}é"), "a[31m bc");
        assert_eq!(said(&"x".repeat(1_000)).len(), MOST);
    }

    #[test]
    fn a_secret_that_is_held_out_to_us_is_not_repeated() {
        let login = Login::Password("ada".to_owned(), "hunter2".into());
        assert_eq!(without_secret("wrong: hunter2", &login), "wrong: ***");
        let at_the_end = format!("{}hunter2", "x".repeat(MOST - 3));
        assert!(!without_secret(&at_the_end, &login).contains("hun"));
        for joined in ["hun\u{1}ter2", "\u{e9}hunter2", "hunt\r\ner2", "hunhunter2ter2"] {
            assert!(!without_secret(&format!("wrong: {joined}"), &login).contains("hunter2"), "{joined}");
        }
        let login = Login::Token("h\u{fc}nter2".into());
        assert_eq!(without_secret("wrong: h\u{fc}nter2", &login), "wrong: ***");
        assert_eq!(without_secret("wrong", &Login::Token(String::new().into())), "wrong");
        assert_eq!(without_secret("wrong", &Login::Token("\u{fc}".into())), "wrong");
    }
}
