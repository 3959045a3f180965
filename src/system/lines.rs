//! Lines of a file or a pipe, each of a bounded length, read on a thread of their own: whoever writes them may take as long as
//! they like.

use std::{
    io::{self, BufRead, BufReader, Read},
    thread,
};

use tokio::sync::mpsc::{Receiver, Sender, channel};

pub struct Lines {
    batches: Receiver<io::Result<Vec<Line>>>,
    ended: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// How it begins, which is all that is kept of it.
    TooLong(Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of a line, in bytes.
    pub longest: usize,
    /// Of a batch, in lines.
    pub batch: usize,
}

/// Batches that wait to be taken, and their size in bytes where lines are long.
const IN_LINE: usize = 2;
const LARGE: usize = 1 << 20;

const BUFFER: usize = 256 << 10;

/// What is kept of a line that is too long, in bytes: enough to see what it was meant to be.
const BEGINNING: usize = 8;

impl Lines {
    pub fn read(input: impl Read + Send + 'static, bounds: Bounds) -> Self {
        let (to, batches) = channel(IN_LINE);
        let reader = thread::Builder::new().name("lines".to_owned());
        let failed = to.clone();
        let begun = reader.spawn(move || send_all(BufReader::with_capacity(BUFFER, input), bounds, &to));
        if let Err(error) = begun {
            // There is room: nobody has sent anything yet.
            let _ = failed.try_send(Err(error));
        }
        Self { batches, ended: false }
    }

    /// The next ones; nothing at the end.
    pub async fn next(&mut self) -> io::Result<Vec<Line>> {
        if self.ended {
            return Ok(Vec::new());
        }
        // Silence is a reader that was lost; the end is said.
        let lost = || Err(io::Error::other("they were not read to their end"));
        let batch = self.batches.recv().await.unwrap_or_else(lost)?;
        self.ended = batch.is_empty();
        Ok(batch)
    }
}

fn send_all(mut input: impl BufRead, bounds: Bounds, to: &Sender<io::Result<Vec<Line>>>) {
    loop {
        let batch = batch(&mut input, bounds);
        let is_last = !batch.as_ref().is_ok_and(|batch| !batch.is_empty());
        // Whoever does not listen any more has what they wanted.
        if to.blocking_send(batch).is_err() || is_last {
            return;
        }
    }
}

fn batch(input: &mut impl BufRead, bounds: Bounds) -> io::Result<Vec<Line>> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < bounds.batch && bytes < LARGE {
        let Some(line) = line(input, bounds.longest)? else { break };
        if let Line::Whole(text) = &line {
            bytes += text.len();
        }
        batch.push(line);
    }
    Ok(batch)
}

fn line(input: &mut impl BufRead, longest: usize) -> io::Result<Option<Line>> {
    let mut text = Vec::new();
    // With its end, and one byte more where it is too long.
    let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    if input.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
        return Ok(None);
    }
    if text.last() == Some(&b'\n') {
        text.pop();
        return Ok(Some(Line::Whole(text)));
    }
    if text.len() <= longest {
        return Ok(Some(Line::Whole(text)));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Line::TooLong(text.into_iter().take(BEGINNING).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &'static str, longest: usize, batch: usize) -> Vec<Vec<Line>> {
        let mut lines = Lines::read(text.as_bytes(), Bounds { longest, batch });
        let mut all = Vec::new();
        loop {
            let batch = lines.next().await.unwrap();
            if batch.is_empty() {
                assert!(lines.next().await.unwrap().is_empty(), "the end stays the end");
                return all;
            }
            all.push(batch);
        }
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn lines_come_in_batches_with_and_without_an_end() {
        let all = read("a\n\nb\r\nc", 9, 3).await;
        assert_eq!(all, [vec![whole("a"), whole(""), whole("b\r")], vec![whole("c")]]);
        assert_eq!(read("", 9, 3).await, Vec::<Vec<Line>>::new());
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_told_and_those_after_it_are_read() {
        let too_long = || Line::TooLong(b"1234".to_vec());
        for text in ["123\n1234\n5\n", "123\n1234567890\n5"] {
            assert_eq!(read(text, 3, 9).await, [vec![whole("123"), too_long(), whole("5")]], "{text}");
        }
        assert_eq!(read("1234", 3, 9).await, [vec![too_long()]]);
        assert_eq!(read("1234567890", 9, 9).await, [vec![Line::TooLong(b"12345678".to_vec())]]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_an_error_and_not_the_end() {
        struct Torn;
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::PermissionDenied.into())
            }
        }
        let mut lines = Lines::read(Torn, Bounds { longest: 3, batch: 3 });
        assert_eq!(lines.next().await.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(lines.next().await.is_err());
    }
}
