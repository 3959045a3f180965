//! Standard output and input: for whoever reaches the program and shares no place with it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::{
    Mutex,
    mpsc::{Sender, channel},
};

use super::{Archive, ArchiveError, Draft, Kept, Source, failed};
use crate::system::aside::aside;

const PIECE: u64 = 1 << 20;

#[derive(Debug)]
pub struct Pipe {
    /// Where there is room for what comes in, since it is read twice.
    room: PathBuf,
    received: Mutex<Option<File>>,
}

/// What writes to standard output, on a thread of its own: its reader may take as long as they like.
struct Out {
    pieces: Sender<Vec<u8>>,
    written: BoxFuture<'static, Option<io::Result<()>>>,
}

struct Received(PathBuf, File);

impl Pipe {
    pub fn new(room: PathBuf) -> Self {
        Self { room, received: Mutex::new(None) }
    }

    /// From its beginning.
    async fn received(&self) -> io::Result<File> {
        let mut received = self.received.lock().await;
        let mut file = if let Some(file) = received.take() {
            file
        } else {
            let room = self.room.clone();
            aside(move || receive(&room)).await.ok_or_else(lost)??
        };
        file.rewind()?;
        let another = file.try_clone()?;
        *received = Some(file);
        Ok(another)
    }
}

fn lost() -> io::Error {
    io::Error::other("no thread to wait for it")
}

/// Into a file without a name, which is gone when nobody holds it any more, however that comes about.
fn receive(room: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(room)?;
    let path = room.join(format!("received.{}", std::process::id()));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    Ok(file)
}

#[async_trait]
impl Archive for Pipe {
    /// Nobody knows what became of what was written.
    async fn list(&self) -> Result<Vec<Kept>, ArchiveError> {
        Ok(Vec::new())
    }

    async fn create(&self, _name: &str) -> Result<Box<dyn Draft>, ArchiveError> {
        let (pieces, mut coming) = channel::<Vec<u8>>(1);
        let written = aside(move || {
            let mut out = io::stdout().lock();
            while let Some(piece) = coming.blocking_recv() {
                out.write_all(&piece)?;
            }
            out.flush()
        });
        Ok(Box::new(Out { pieces, written: Box::pin(written) }))
    }

    async fn open(&self, _name: &str) -> Result<Box<dyn Source>, ArchiveError> {
        let file = self.received().await.map_err(failed(&self.room))?;
        Ok(Box::new(Received(self.room.clone(), file)))
    }

    async fn remove(&self, _name: &str) -> Result<(), ArchiveError> {
        Ok(())
    }
}

/// Whoever reads it sees half of it too: that it ended well is said by the exit code, and by its own end.
#[async_trait]
impl Draft for Out {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let sent = self.pieces.send(bytes.to_vec());
        tokio::select! {
            biased;
            ended = &mut self.written => outcome(ended),
            _ = sent => Ok(()),
        }
    }

    async fn finish(self: Box<Self>) -> Result<(), ArchiveError> {
        let Self { pieces, written } = *self;
        drop(pieces);
        outcome(written.await)
    }

    async fn abandon(self: Box<Self>) {}
}

fn outcome(written: Option<io::Result<()>>) -> Result<(), ArchiveError> {
    written.ok_or_else(lost).flatten().map_err(failed(Path::new("standard output")))
}

#[async_trait]
impl Source for Received {
    async fn read(&mut self) -> Result<Vec<u8>, ArchiveError> {
        let Self(room, file) = self;
        let mut piece = Vec::new();
        file.take(PIECE).read_to_end(&mut piece).map_err(failed(room))?;
        Ok(piece)
    }
}
