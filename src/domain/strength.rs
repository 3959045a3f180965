//! How hard a password is to guess, as zxcvbn estimates it within bounds (ADR 0020).

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::{email::Email, password::Candidate};

/// By how many guesses somebody needs who knows words, names, keyboards, and the address: a hundred million at least.
/// `None` where that is so; else what would be better, if anything can be said of it.
pub fn guessed(candidate: &Candidate, email: Option<&Email>) -> Option<String> {
    let words: Vec<&str> = email.map_or_else(Vec::new, words_of);
    let estimate = zxcvbn(&looked_at(candidate), &words);
    if estimate.score() >= Score::Three {
        return None;
    }
    let advice = estimate.feedback().map(|feedback| {
        let advice = feedback.suggestions().iter().map(ToString::to_string);
        feedback
            .warning()
            .map(|warning| warning.to_string())
            .into_iter()
            .chain(advice)
            .collect::<Vec<_>>()
            .join(" ")
    });
    Some(advice.map_or_else(String::new, |advice| format!(": {advice}")))
}

/// The address as a whole, its halves, and what stands between their signs; as it was typed, and as it is compared.
fn words_of(email: &Email) -> Vec<&str> {
    let forms = [email.original().trim(), email.canonical()];
    let halves = forms.iter().flat_map(|form| form.split('@'));
    let pieces = forms.iter().flat_map(|form| form.split(|sign: char| !sign.is_alphanumeric()));
    forms.iter().copied().chain(halves).chain(pieces).filter(|word| word.chars().count() > 2).collect()
}

/// What of a password is judged by how it is guessed: its beginning. Nobody guesses more.
const LOOKED_AT: usize = 40;

/// Signs that stand for letters: zxcvbn tries all readings of all of them, which are hundreds where all are there.
const SIGNS_FOR_LETTERS: &str = "4@8({[<3691!|70$5+%2";

/// So many different ones are read as letters.
const READ_AS_LETTERS: usize = 5;

/// As much as is judged in milliseconds, whatever somebody sends.
fn looked_at(candidate: &Candidate) -> Zeroizing<String> {
    let mut read = Vec::new();
    let plain = candidate.as_str().chars().take(LOOKED_AT).map(|sign| {
        if !SIGNS_FOR_LETTERS.contains(sign) || read.contains(&sign) {
            return sign;
        }
        if read.len() < READ_AS_LETTERS {
            read.push(sign);
            return sign;
        }
        '~'
    });
    Zeroizing::new(plain.collect())
}
