//! What is said to a NATS server and heard from it: in pieces, each of a bounded length, none waited for without an end.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{
    broken::Broken,
    wire::{Said, parse},
};

pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

pub(super) struct Talk(BufReader<Box<dyn Wire>>);

/// Who says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server of a large cluster says a lot of it.
const LONGEST_INFO: u64 = 64 * 1024;
const LONGEST_LINE: u64 = 4 * 1024;
const LONGEST_MESSAGE: usize = 64 * 1024;

impl Talk {
    pub(super) fn over(wire: impl Wire + 'static) -> Self {
        Self(BufReader::new(Box::new(wire)))
    }

    /// The same with TLS, with whoever can show that they are the host. What was heard before is forgotten, and nothing may have
    /// been said after it: that would count as said by them.
    pub(super) async fn secured(self, tls: &TlsConnector, host: &str) -> Result<Self, Broken> {
        if !self.0.buffer().is_empty() {
            return Err(Broken::Hasty);
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Broken::NoName)?;
        tls.connect(name, self.0.into_inner()).await.map(Self::over).map_err(Broken::Tls)
    }

    pub(super) async fn say(&mut self, words: &[u8]) -> Result<(), Broken> {
        let said = async {
            self.0.write_all(words).await?;
            self.0.flush().await
        };
        timeout(PATIENCE, said).await.map_err(|_| Broken::Late)?.map_err(Broken::Io)
    }

    /// The next line that is for us; a question whether we are there is answered.
    pub(super) async fn hear(&mut self) -> Result<Said, Broken> {
        loop {
            match timeout(PATIENCE, self.line()).await.map_err(|_| Broken::Late)?? {
                Said::Ping => self.say(b"PONG\r\n").await?,
                Said::Ok => {}
                said => return Ok(said),
            }
        }
    }

    async fn line(&mut self) -> Result<Said, Broken> {
        let is_info = self.0.fill_buf().await?.starts_with(b"I");
        let most = if is_info { LONGEST_INFO } else { LONGEST_LINE };
        let mut line = Vec::new();
        (&mut self.0).take(most).read_until(b'\n', &mut line).await?;
        if !line.ends_with(b"\n") {
            let is_cut = u64::try_from(line.len()).is_ok_and(|length| length == most);
            return Err(if is_cut { Broken::TooMuch } else { Broken::HungUp });
        }
        str::from_utf8(line.trim_ascii_end()).ok().and_then(parse).ok_or(Broken::NotNats)
    }

    /// What follows the line of a message: its headers, and its body.
    pub(super) async fn message(
        &mut self,
        headers: usize,
        total: usize,
    ) -> Result<(Vec<u8>, Vec<u8>), Broken> {
        if total > LONGEST_MESSAGE {
            return Err(Broken::TooMuch);
        }
        let mut message = vec![0; total.saturating_add(2)];
        timeout(PATIENCE, self.0.read_exact(&mut message)).await.map_err(|_| Broken::Late)??;
        message.truncate(total);
        let body = message.split_off(headers.min(total));
        Ok((message, body))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    async fn heard(said: &[u8]) -> (Result<Said, Broken>, DuplexStream) {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(said).await.unwrap();
        theirs.shutdown().await.unwrap();
        (Talk::over(ours).hear().await, theirs)
    }

    #[tokio::test]
    async fn whoever_asks_whether_we_are_there_is_answered() {
        let (said, mut theirs) = heard(b"+OK\r\nPING\r\nPONG\r\n").await;
        assert_eq!(said.unwrap(), Said::Pong);
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "PONG\r\n");
    }

    #[tokio::test]
    async fn no_line_without_an_end_is_heard_to_its_end() {
        let word = |length| vec![b'x'; length];
        assert!(matches!(heard(&word(5_000)).await.0, Err(Broken::TooMuch)));
        assert!(matches!(heard(&[b"INFO ".to_vec(), word(70_000)].concat()).await.0, Err(Broken::TooMuch)));
        assert!(matches!(heard(&word(50)).await.0, Err(Broken::HungUp)));
        assert!(matches!(heard(b"").await.0, Err(Broken::HungUp)));
        assert!(matches!(heard(b"220 mail.example.org ESMTP\r\n").await.0, Err(Broken::NotNats)));
    }

    #[tokio::test]
    async fn a_message_is_its_headers_and_its_body_and_not_endless() {
        let (ours, mut theirs) = duplex(100);
        theirs.write_all(b"headbody\r\nPONG\r\n").await.unwrap();
        let mut talk = Talk::over(ours);
        assert_eq!(talk.message(4, 8).await.unwrap(), (b"head".to_vec(), b"body".to_vec()));
        assert_eq!(talk.hear().await.unwrap(), Said::Pong);
        assert!(matches!(talk.message(0, LONGEST_MESSAGE + 1).await, Err(Broken::TooMuch)));
    }

    /// As who is on the way would, to have it taken for the server's own.
    #[tokio::test]
    async fn what_was_said_before_tls_is_not_heard_after_it() {
        let (ours, mut theirs) = duplex(100);
        theirs.write_all(b"PONG\r\nPONG\r\n").await.unwrap();
        let mut talk = Talk::over(ours);
        talk.hear().await.unwrap();
        let connector = super::super::tls::connector(None).unwrap();
        assert!(matches!(talk.secured(&connector, "localhost").await, Err(Broken::Hasty)));
    }
}
