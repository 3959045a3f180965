//! The access token that a request brings in its `Authorization` header.

use actix_web::http::header::{self, HeaderMap};

/// `Err` where there is a header and it is not one bearer token: it is never taken for no header.
pub fn token(headers: &HeaderMap) -> Result<Option<&str>, NotABearer> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let (scheme, token) =
                value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(NotABearer)?;
            let one = !token.is_empty() && !token.contains([' ', ',']);
            if scheme.eq_ignore_ascii_case("bearer") && one { Ok(Some(token)) } else { Err(NotABearer) }
        }
        (Some(_), Some(_)) => Err(NotABearer),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotABearer;
