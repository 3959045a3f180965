//! Salsa20/8, the core that scrypt stirs its memory with.
//!
//! Plain words and no vector instructions: those cannot be had without `unsafe`, and would gain a tenth where keeping
//! the memory gains a quarter.

use super::Block;

#[derive(Clone, Copy)]
pub(super) struct State([u32; 16]);

impl State {
    #[inline]
    pub(super) fn read(block: &Block) -> Self {
        let mut state = Self([0; 16]);
        state.xor(block);
        state
    }

    #[inline]
    pub(super) fn write(&self, block: &mut Block) {
        for (word, bytes) in self.0.iter().zip(block.as_chunks_mut().0) {
            *bytes = word.to_le_bytes();
        }
    }

    #[inline]
    pub(super) fn xor(&mut self, block: &Block) {
        for (word, bytes) in self.0.iter_mut().zip(block.as_chunks().0) {
            *word ^= u32::from_le_bytes(*bytes);
        }
    }

    /// Four double rounds, and the words before them added.
    #[expect(clippy::inline_always, reason = "through a call the words go by way of memory: 15 % slower")]
    #[inline(always)]
    pub(super) fn stir(&mut self) {
        let mut stirred = self.0;
        for _ in 0..4 {
            double_round(&mut stirred);
        }
        for (word, stirred) in self.0.iter_mut().zip(stirred) {
            *word = word.wrapping_add(stirred);
        }
    }
}

/// The columns of the square, then its rows.
#[expect(clippy::many_single_char_names, reason = "sixteen places of a square have no better names")]
#[inline]
fn double_round([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: &mut [u32; 16]) {
    quarter(a, e, i, m);
    quarter(f, j, n, b);
    quarter(k, o, c, g);
    quarter(p, d, h, l);

    quarter(a, b, c, d);
    quarter(f, g, h, e);
    quarter(k, l, i, j);
    quarter(p, m, n, o);
}

#[inline]
fn quarter(a: &mut u32, b: &mut u32, c: &mut u32, d: &mut u32) {
    *b ^= a.wrapping_add(*d).rotate_left(7);
    *c ^= b.wrapping_add(*a).rotate_left(9);
    *d ^= c.wrapping_add(*b).rotate_left(13);
    *a ^= d.wrapping_add(*c).rotate_left(18);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> [u8; 64] {
        let digit = |c: char| u8::try_from(c.to_digit(16).unwrap()).unwrap();
        let digits: Vec<u8> = text.chars().filter(|c| !c.is_whitespace()).map(digit).collect();
        let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        bytes.try_into().unwrap()
    }

    #[test]
    fn rfc_7914_section_8_it_stirs_as_the_vector_says() {
        let input = unhex(
            "7e879a214f3ec9867ca940e641718f26 baee555b8c61c1b50df846116dcd3b1d
             ee24f319df9b3d8514121e4b5ac5aa32 76021d2909c74829edebc68db8b8c25e",
        );
        let expected = unhex(
            "a41f859c6608cc993b81cacb020cef05 044b2181a2fd337dfd7b1c6396682f29
             b4393168e3c9e6bcfe6bc5b7a06d96ba e424cc102c91745c24ad673dc7618f81",
        );
        let mut state = State::read(&input);
        state.stir();
        let mut output = [0; 64];
        state.write(&mut output);
        assert_eq!(output, expected);
    }
}
