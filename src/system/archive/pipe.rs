//! Standard output and input: for whoever reaches the program and shares no place with it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{Archive, ArchiveError, Draft, Kept, Source, failed};
use crate::system::aside::aside;

const PIECE: u64 = 1 << 20;

#[derive(Debug)]
pub struct Pipe {
    /// Where there is room for what comes in, since it is read twice.
    room: PathBuf,
    received: Mutex<Option<File>>,
}

struct Out;

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
        Ok(Box::new(Out))
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
        let bytes = bytes.to_vec();
        // Its reader may take as long as they like, and may be waited for by somebody who has had enough.
        let written = aside(move || io::stdout().lock().write_all(&bytes)).await;
        written.ok_or_else(lost).flatten().map_err(failed(Path::new("standard output")))
    }

    async fn finish(self: Box<Self>) -> Result<(), ArchiveError> {
        io::stdout().lock().flush().map_err(failed(Path::new("standard output")))
    }

    async fn abandon(self: Box<Self>) {}
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
