//! Secrets that can be recognised, in whatever form they come out.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portcullis::domain::hex::hex;
use serde_json::Value;

/// What must not come out anywhere, and what must not come out where nobody erases anything.
#[derive(Default)]
pub(super) struct Secrets {
    secret: Vec<Canary>,
    personal: Vec<Canary>,
}

struct Canary {
    what: String,
    forms: Vec<String>,
}

/// What came out, and where.
#[derive(Default)]
pub(super) struct Heard(Vec<Said>);

struct Said {
    place: String,
    text: String,
    /// Whether ids are all of a person that may be in it.
    only_ids: bool,
}

impl Secrets {
    pub(super) fn note(&mut self, what: &str, value: &str) {
        assert!(value.len() >= 12, "{what} is too short to be found: {value:?}");
        if !self.secret.iter().any(|known| known.forms[0] == value) {
            self.secret.push(Canary { what: what.to_owned(), forms: forms(value) });
        }
    }

    pub(super) fn note_personal(&mut self, what: &str, value: &str) {
        self.personal.push(Canary { what: what.to_owned(), forms: forms(value) });
    }

    /// What an answer hands out, wherever in it.
    pub(super) fn note_tokens_of(&mut self, answer: &Value) {
        for name in ["accessToken", "refreshToken"] {
            if let Some(token) = answer[name].as_str() {
                self.note(name, token);
                self.note(
                    name,
                    token.rsplit(['.', '_']).next().filter(|end| end.len() > 15).unwrap_or(token),
                );
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.secret.len()
    }
}

impl Heard {
    /// Where people are told about themselves, or an operator about people.
    pub(super) fn note(&mut self, place: &str, text: &str) {
        self.0.push(Said { place: place.to_owned(), text: text.to_owned(), only_ids: false });
    }

    /// What is copied to places that nobody erases anything from.
    pub(super) fn note_for_good(&mut self, place: &str, text: &str) {
        self.0.push(Said { place: place.to_owned(), text: text.to_owned(), only_ids: true });
    }

    pub(super) fn all_from(&self, place: &str) -> usize {
        self.0.iter().filter(|said| said.place.starts_with(place)).count()
    }

    pub(super) fn leaks(&self, secrets: &Secrets) -> Vec<String> {
        let mut leaks = Vec::new();
        for Said { place, text, only_ids } in &self.0 {
            let personal = secrets.personal.iter().filter(|_| *only_ids);
            for Canary { what, forms } in secrets.secret.iter().chain(personal) {
                if forms.iter().any(|form| text.contains(form.as_str())) {
                    leaks.push(format!("{what} in {place}: {text}"));
                }
            }
        }
        leaks
    }
}

/// A secret as it is, and in all the ways in which programs write bytes down.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()];
    forms.push(serde_json::to_string(value).unwrap().trim_matches('"').to_owned());
    forms.push(value.escape_debug().to_string());
    forms.extend(of_bytes(value.as_bytes()));
    for base64 in [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
        forms.extend(
            base64.decode(value).ok().filter(|bytes| bytes.len() >= 12).iter().flat_map(|b| of_bytes(b)),
        );
    }
    forms.dedup();
    forms
}

fn of_bytes(bytes: &[u8]) -> Vec<String> {
    let hex = hex(bytes);
    let listed: Vec<_> = bytes.iter().take(12).map(ToString::to_string).collect();
    let mut forms = vec![hex.to_uppercase(), hex, listed.join(", "), listed.join(",")];
    // Within something longer it begins at any of three places, and its ends are mixed with what is beside it.
    for skipped in 0..3 {
        let inside = bytes.get(skipped..).unwrap_or_default();
        let whole = &inside[..inside.len() / 3 * 3];
        forms.extend([BASE64_STANDARD.encode(whole), BASE64_URL_SAFE_NO_PAD.encode(whole)]);
    }
    forms
}

#[test]
fn a_secret_is_found_in_whatever_form() {
    let secret = "canary/Zq7+of two?words";
    let mut secrets = Secrets::default();
    secrets.note("a secret", secret);
    let mixed = |before: &str| BASE64_URL_SAFE_NO_PAD.encode(format!("{before}:{secret}, and more"));
    for said in [
        format!("x{secret}x"),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        BASE64_STANDARD.encode(secret),
        mixed("a"),
        mixed("ab"),
        mixed("abc"),
        hex(secret.as_bytes()).to_uppercase(),
        format!("{:?}", secret.as_bytes()),
    ] {
        let mut heard = Heard::default();
        heard.note("here", &said);
        assert_eq!(heard.leaks(&secrets).len(), 1, "{said}");
    }
    let mut heard = Heard::default();
    heard.note("here", "canary");
    assert!(heard.leaks(&secrets).is_empty());
}
