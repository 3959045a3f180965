//! One client's connection: the socket as the HTTP machinery sees it, with deadlines and an answer for every refusal.
//!
//! The machinery below refuses by itself what it cannot parse, with a bare status; here that answer is given the
//! shape of all others. It also bounds only the first request of a connection in time; here every head has a deadline from
//! its first byte, unless it began while another request was in hand: then it has the time of an idle connection.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::JoinHandle,
    time::{Sleep, sleep},
};

use super::{
    Site,
    forward_auth::{self, AtTheGate},
    places::Place,
    problem::Problem,
    stream::Stream,
};

/// From the first byte of a request until all of its head is there.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// How long a client may take nothing of its answer.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// A socket that is given up when its client dawdles.
pub struct Connection {
    io: Stream,
    progress: Rc<Progress>,
    head_due: Option<Pin<Box<Sleep>>>,
    write_due: Option<Pin<Box<Sleep>>>,
    /// What is still to be written in place of a bare refusal.
    answer: Vec<u8>,
    /// How the head began that is owed; kept only where proxies ask whether a request may pass.
    opening: Option<Vec<u8>>,
    site: Arc<Site>,
}

/// Where a connection stands between two requests, and what outlives its socket; shared with the middleware.
pub struct Progress {
    in_hand: Cell<bool>,
    owes_a_head: Cell<bool>,
    /// What was begun last.
    begun: Cell<Option<JoinHandle<()>>>,
    _place: Option<Place>,
}

/// While this lives, a request of the connection is being worked on.
pub struct InHand(Rc<Progress>);

impl Progress {
    pub fn new(place: Option<Place>) -> Self {
        let (in_hand, owes_a_head, begun) = (Cell::default(), Cell::default(), Cell::default());
        Self { in_hand, owes_a_head, begun, _place: place }
    }

    /// The connection lasts, and has its place, until this is done.
    pub fn begin(&self, work: JoinHandle<()>) {
        self.begun.set(Some(work));
    }

    /// Waits for what was begun, whoever has hung up.
    pub async fn see_through(&self) {
        if let Some(begun) = self.begun.take() {
            // Who waits for the answer hears of a panic.
            let _ = begun.await;
        }
    }

    pub fn take_in_hand(self: &Rc<Self>) -> InHand {
        self.in_hand.set(true);
        self.owes_a_head.set(false);
        InHand(Rc::clone(self))
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.set(false);
    }
}

impl Connection {
    pub fn new(io: Stream, place: Option<Place>, site: Arc<Site>, serves_proxies: bool) -> Self {
        let opening = serves_proxies.then(Vec::new);
        let progress = Rc::new(Progress::new(place));
        Self { io, progress, head_due: None, write_due: None, answer: Vec::new(), opening, site }
    }

    pub fn progress(&self) -> Rc<Progress> {
        Rc::clone(&self.progress)
    }

    /// Fails once a head that has begun is overdue.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.progress.in_hand.get() || !self.progress.owes_a_head.get() {
            self.head_due = None;
            return Ok(());
        }
        let due = self.head_due.get_or_insert_with(|| Box::pin(sleep(HEAD_DEADLINE)));
        if due.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        let answer = self.refusal(Problem::TooSlow);
        // Whoever does not even take this is not waited for.
        let _ = Pin::new(&mut self.io).poll_write(cx, &answer);
        Err(io::ErrorKind::TimedOut.into())
    }

    /// What is said to a request that was never understood, in the words of whoever it was for.
    fn refusal(&self, problem: Problem) -> Vec<u8> {
        let for_a_proxy = self.opening.as_deref().is_some_and(forward_auth::opens);
        let problem = if for_a_proxy { AtTheGate::translate(&problem) } else { problem };
        self.site.refuse_on_the_wire(&problem)
    }

    /// Notes what has been read of a head that is owed.
    fn note(&mut self, read: &[u8]) {
        const ENOUGH: usize = 64;
        if !self.progress.owes_a_head.get() {
            // A new head, whatever became of the one before: it has a time of its own.
            self.head_due = None;
            self.opening.iter_mut().for_each(Vec::clear);
        }
        if let Some(opening) = &mut self.opening {
            opening.extend(read.iter().take(ENOUGH.saturating_sub(opening.len())));
        }
        self.progress.owes_a_head.set(true);
    }

    /// Writes, and fails once the client has taken nothing for too long.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(sent) = Pin::new(&mut self.io).poll_write(cx, bytes) {
            self.write_due = None;
            return Poll::Ready(sent);
        }
        let due = self.write_due.get_or_insert_with(|| Box::pin(sleep(WRITE_DEADLINE)));
        ready!(due.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.answer.is_empty() {
            let answer = std::mem::take(&mut self.answer);
            let sent = self.poll_send(cx, &answer);
            self.answer = answer;
            let sent = ready!(sent)?;
            self.answer.drain(..sent.min(self.answer.len()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if let Some(read) = buffer.filled().get(before..).filter(|read| !read.is_empty())
            && !self.progress.in_hand.get()
        {
            self.note(read);
        }
        self.poll_head(cx)?;
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_answer(cx))?;
        let Some((before, status)) = bare_refusal(bytes) else {
            return self.poll_send(cx, bytes);
        };
        self.answer = before.to_vec();
        let shaped = self.refusal(Problem::from_status(status));
        self.answer.extend_from_slice(&shaped);
        // What cannot be sent at once is sent by the flush that follows.
        if let Poll::Ready(Err(error)) = self.poll_answer(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_answer(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Finds a refusal without a body at the end of what is to be written: every answer of ours has a request id.
fn bare_refusal(bytes: &[u8]) -> Option<(&[u8], u16)> {
    const LONGEST: usize = 256;
    const START: &[u8] = b"HTTP/1.";
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let tail = bytes.len().saturating_sub(LONGEST);
    let start = tail + bytes.get(tail..)?.windows(START.len()).rposition(|window| window == START)?;
    let (before, head) = bytes.split_at_checked(start)?;
    let head = std::str::from_utf8(head).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (status >= 400 && !head.contains("x-request-id")).then_some((before, status))
}

#[cfg(test)]
mod tests {
    use actix_web::rt;
    use tokio::{sync::oneshot, task::yield_now};

    use super::*;
    use crate::http::places::Places;

    #[test]
    fn only_a_refusal_that_nobody_shaped_is_bare() {
        let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(bare_refusal(bare), Some((&b""[..], 400)));
        let before = b"HTTP/1.1 200 OK\r\nx-request-id: a\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(bare_refusal(&[before.as_slice(), bare].concat()), Some((before.as_slice(), 400)));
        for ours in [
            &b"HTTP/1.1 404 Not Found\r\nx-request-id: a\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            b"",
        ] {
            assert_eq!(bare_refusal(ours), None);
        }
    }
    #[test]
    fn who_hangs_up_has_their_place_until_what_they_began_is_done() {
        let places = Places::default();
        let here = "203.0.113.7".parse().unwrap();
        let mut held: Vec<_> = (0..511).filter_map(|_| places.take(here)).collect();
        let progress = Progress::new(places.take(here));
        rt::System::new().block_on(async {
            let (done, when_done) = oneshot::channel::<()>();
            progress.begin(rt::spawn(async { when_done.await.unwrap() }));
            let rest = rt::spawn(async move { progress.see_through().await });
            yield_now().await;
            assert!(places.take(here).is_none());
            done.send(()).unwrap();
            rest.await.unwrap();
            held.extend(places.take(here));
        });
        assert_eq!(held.len(), 512);
    }
}
