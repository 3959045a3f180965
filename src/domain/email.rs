//! An address we may write to.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;

/// A valid e-mail address: as it was typed, and in the one form it is compared by.
///
/// Holding one is the proof that it was checked; there is no other constructor.
#[derive(Clone)]
pub struct Email {
    original: String,
    canonical: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// RFC 5321's longest path, less its angle brackets.
    const LONGEST: usize = 254;

    /// As its owner typed it: for showing and for writing to.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The form by which two spellings of one mailbox are the same.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl TryFrom<&str> for Email {
    type Error = InvalidEmail;

    fn try_from(raw: &str) -> Result<Self, InvalidEmail> {
        if raw.len() > 4 * Self::LONGEST || raw.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(InvalidEmail);
        }
        let original: String = raw.trim().nfc().collect();
        let canonical = canonical(&original).ok_or(InvalidEmail)?;
        if canonical.len() <= Self::LONGEST && canonical.validate_email() {
            Ok(Self { original, canonical })
        } else {
            Err(InvalidEmail)
        }
    }
}

/// Lower-cases the local part, brings the domain to its IDNA ASCII form, and folds nothing else.
fn canonical(address: &str) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    let labels = domain.split('.').filter(|label| !label.is_empty()).count();
    let whole = labels == domain.split('.').count();
    (labels >= 2 && whole).then(|| format!("{}@{domain}", local.to_lowercase()))
}

/// Characters that change how text looks or compares without showing themselves.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Two spellings of one mailbox are the same address.
impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Email {}

/// Addresses are personal data: the debug form is safe to log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.canonical.split_once('@').map_or("", |(_, domain)| domain);
        write!(f, "Email(***@{domain})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Email::try_from(a).unwrap() == Email::try_from(b).unwrap()
    }

    #[test]
    fn f_32_spellings_of_one_mailbox_are_equal() {
        assert!(same("Ada@Example.ORG", "ada@example.org"));
        assert!(same(" ada@example.org ", "ada@example.org"));
        assert!(same("ada@b\u{fc}cher.example", "ada@bu\u{308}cher.example"), "NFC and NFD");
        assert!(same("ada@b\u{fc}cher.example", "ada@xn--bcher-kva.example"), "IDNA");
        assert!(same("ada@\u{ff45}xample.org", "ada@example.org"), "full-width domain");
    }

    #[test]
    fn f_32_look_alikes_are_not_equal() {
        assert!(!same("ada+tickets@example.org", "ada@example.org"), "no plus folding");
        assert!(!same("a.da@example.org", "ada@example.org"), "no dot folding");
        assert!(!same("ada@exampl\u{435}.org", "ada@example.org"), "Cyrillic e");
        assert!(!same("ada@stra\u{df}e.example", "ada@strasse.example"), "sharp s stays itself");
    }

    #[test]
    fn f_31_f_32_r_26_what_is_no_address_is_refused() {
        let refused = [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "ada@example.",
            "ada@example.org.",
            "a@evil.org@example.org",
            "\"a b\"@example.org",
            "ada(comment)@example.org",
            "ada@[127.0.0.1]",
            "ada@example.org,eve@example.org",
            "ada@example.org\0",
            "ada\n@example.org",
            "\tada@example.org",
            "ada@exam\u{200b}ple.org",
            "ada@exam\u{ad}ple.org",
            "\u{202e}ada@example.org",
            "\u{430}da@example.org",
            "ada@xn--example-.org",
            "ada@exa mple.org",
            "ada@-example.org",
            "ada@.example.org",
            "ada@example..org",
            "\u{131}da@example.org",
            "\u{ff41}da@example.org",
        ];
        for address in refused {
            assert!(Email::try_from(address).is_err(), "{address:?} was accepted");
        }
        assert!(Email::try_from(format!("{}@example.org", "a".repeat(250)).as_str()).is_err());
    }

    #[test]
    fn its_debug_form_does_not_show_whose_it_is() {
        assert_eq!(format!("{:?}", Email::try_from("ada@example.org").unwrap()), "Email(***@example.org)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = Email::try_from(text.as_str());
        }

        #[test]
        fn the_canonical_form_is_its_own_canonical_form(local in "[a-zA-Z0-9.+_-]{1,20}", domain in "[a-zA-Z0-9\u{e4}\u{f6}-]{1,12}\\.[a-z]{2,6}") {
            if let Ok(email) = Email::try_from(format!("{local}@{domain}").as_str()) {
                let again = Email::try_from(email.canonical()).unwrap();
                prop_assert_eq!(again.canonical(), email.canonical());
            }
        }
    }
}
