//! JSON with one meaning: what two parsers could read differently is refused before any type sees it.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

/// Refuses anything but one object without duplicate keys at any depth.
pub fn check(body: &[u8]) -> Result<(), &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "The body is not UTF-8")?;
    if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        return Err("The body must be a JSON object");
    }
    serde_json::from_str::<Unambiguous>(text).map(|_| ()).map_err(|error| {
        if error.to_string().starts_with(DUPLICATE) {
            "A member is given twice"
        } else {
            "The body is not valid JSON"
        }
    })
}

const DUPLICATE: &str = "duplicate member";

/// Any value whose objects name each member once; nothing of it is kept.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unambiguous, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(key) {
                return Err(A::Error::custom(DUPLICATE));
            }
            map.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unambiguous, A::Error> {
        while seq.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f_27_what_could_be_read_in_two_ways_is_refused() {
        for body in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":{"a":1,"\u0061":2}}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"["a","b"]"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{"a":1}"#,
            "{\"a\":1 /* */}",
            "{'a':1}",
            "{a:1}",
            r#"{"a":1,}"#,
            "",
            " ",
            "null",
            "1",
            "\"a\"",
            "{",
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            "\u{b}{}",
        ] {
            assert!(check(body.as_bytes()).is_err(), "{body:?} was accepted");
        }
        assert!(check(b"{\"a\":\"\xff\"}").is_err(), "invalid UTF-8");
        assert!(check(b" {\"a\":[1,-0,{\"b\":null}],\"b\":\"\\u0000\"}\n").is_ok());
    }

    #[test]
    fn f_26_r_48_depth_is_bounded() {
        for depth in [129, 8_000] {
            let body = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            assert!(check(body.as_bytes()).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = check(&bytes);
        }
    }
}
