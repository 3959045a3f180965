//! A length of time as people write it: `10m`, `600s`, or `0s`.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let given = String::deserialize(deserializer)?;
    parse(&given).ok_or_else(|| D::Error::custom(""))
}

/// One whole number and one unit: what is longer to write is longer to misread.
pub(super) fn parse(given: &str) -> Option<SignedDuration> {
    let unit = given.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = given.split_at_checked(unit)?;
    let number: u32 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(i64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_length_of_time_and_nothing_else_is() {
        for (given, seconds) in [("10m", 600), ("600s", 600), ("1h", 3_600), ("365d", 31_536_000), ("0s", 0)]
        {
            assert_eq!(parse(given), Some(SignedDuration::from_secs(seconds)), "{given}");
        }
        for given in ["", "10", "m", "-1s", "+1s", "1.5m", "1h30m", "10 m", "10M", "99999999999s", "\u{661}s"]
        {
            assert_eq!(parse(given), None, "{given}");
        }
    }
}
