//! The access token that a request brings in its `Authorization` header.

use actix_web::http::header::{self, HeaderMap};

/// `Err` where there is a header and it is not one bearer token: it is never taken for no header.
pub fn token(headers: &HeaderMap) -> Result<Option<&str>, NotABearer> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            // Every check of a token comes by here: what the standard library searches, it searches by words and not by letters.
            let text = str::from_utf8(value.as_bytes()).ok().filter(|text| text.is_ascii());
            let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or(NotABearer::Malformed)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(NotABearer::OtherScheme);
            }
            let one = !token.is_empty() && !token.contains(' ') && !token.contains(',');
            if one { Ok(Some(token)) } else { Err(NotABearer::Malformed) }
        }
        (Some(_), Some(_)) => Err(NotABearer::Malformed),
    }
}

/// The same where somebody before us may ask for credentials of their own, as a staging site does.
pub fn token_if_any(headers: &HeaderMap) -> Result<Option<&str>, NotABearer> {
    match token(headers) {
        Err(NotABearer::OtherScheme) => Ok(None),
        token => token,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotABearer {
    /// `Basic`, or whatever is none of ours.
    OtherScheme,
    Malformed,
}
