//! How keys are written: Bech32 (BIP 173), without its limit of 90 characters.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
const CHECKSUM: usize = 6;

/// In lower case.
pub(super) fn encode(prefix: &str, bytes: &[u8; 32]) -> String {
    let mut values = regroup(bytes, 8, 5);
    let sum = checksum(prefix, values.iter().copied().chain([0; CHECKSUM])) ^ 1;
    values.extend((0..CHECKSUM).rev().map(|place| low(sum >> (5 * place), 5)));
    let symbols = values.iter().filter_map(|value| ALPHABET.get(usize::from(*value)));
    prefix.chars().chain(['1']).chain(symbols.map(|symbol| char::from(*symbol))).collect()
}

/// From either case, but not from a mixture.
pub(super) fn decode(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let symbols = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let value = |symbol: u8| ALPHABET.iter().position(|known| *known == symbol);
    let values = symbols.bytes().map(|symbol| value(symbol).and_then(|value| u8::try_from(value).ok()));
    let values: Vec<u8> = values.collect::<Option<_>>()?;
    let (data, _) = values.split_at_checked(values.len().checked_sub(CHECKSUM)?)?;
    if checksum(prefix, values.iter().copied()) != 1 {
        return None;
    }
    let mut bytes = regroup(data, 5, 8);
    // What 256 bits leave over of the last group has to be nothing.
    let rest = bytes.pop()?;
    if rest == 0 && data.len() == 52 { bytes.try_into().ok() } else { None }
}

fn checksum(prefix: &str, values: impl Iterator<Item = u8>) -> u32 {
    let (high, low) = (prefix.bytes().map(|byte| byte >> 5), prefix.bytes().map(|byte| byte & 31));
    high.chain([0]).chain(low).chain(values).fold(1, |sum: u32, value| {
        let top = sum >> 25;
        let shifted = (sum & 0x1ff_ffff) << 5 ^ u32::from(value);
        let marked = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        marked.fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}

/// The same bits in groups of another size; the last group is filled up with zeros.
fn regroup(values: &[u8], from: u32, to: u32) -> Vec<u8> {
    let (mut held, mut bits, mut groups) = (0_u32, 0, Vec::new());
    for value in values {
        held = held << from | u32::from(*value);
        bits += from;
        while bits >= to {
            bits -= to;
            groups.push(low(held >> bits, to));
        }
    }
    if bits > 0 {
        groups.push(low(held << (to - bits), to));
    }
    groups
}

/// The lowest bits.
fn low(value: u32, bits: u32) -> u8 {
    let [byte, ..] = value.to_le_bytes();
    byte & (0xff >> (8 - bits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_and_a_changed_letter_is_noticed(
            bytes: [u8; 32], at in 0_usize..58, change in 1_usize..32,
        ) {
            let text = encode("age", &bytes);
            prop_assert_eq!(decode("age", &text), Some(bytes));
            prop_assert_eq!(decode("age", &text.to_ascii_uppercase()), Some(bytes));
            let mut letters = text.into_bytes();
            let at = at + 4;
            let value = ALPHABET.iter().position(|symbol| *symbol == letters[at]).unwrap();
            letters[at] = ALPHABET[(value + change) % 32];
            prop_assert_eq!(decode("age", &String::from_utf8(letters).unwrap()), None);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = decode("age", &text);
            let _ = decode("age", &format!("age1{text}"));
        }
    }
}
