//! A folder of backups: each is written beside its name, and gets it when it is whole and on the disk.
//!
//! Whoever calls this has nothing else to do meanwhile, so files are read and written without a detour.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{Archive, ArchiveError, Draft, Kept, Source, failed};

/// What a file is called until it is whole.
const PARTIAL: &str = ".partial";
const PIECE: u64 = 1 << 20;

#[derive(Debug)]
pub struct Folder(pub PathBuf);

struct DraftFile {
    file: File,
    partial: PathBuf,
    whole: PathBuf,
    finished: bool,
}

struct OpenFile(PathBuf, File);

impl Folder {
    /// What somebody left half-written who was killed. Whoever still writes holds a lock.
    fn remove_leftovers(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let ours = path.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                name.starts_with("portcullis-") && name.ends_with(PARTIAL)
            });
            if ours && OpenOptions::new().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    fn begin(&self, name: &str) -> io::Result<DraftFile> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        self.remove_leftovers()?;
        let partial = self.0.join(format!("{name}{PARTIAL}"));
        loop {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
            file.lock()?;
            // Until it was locked, somebody else may have taken it for a leftover.
            if file.metadata()?.nlink() > 0 {
                return Ok(DraftFile { file, partial, whole: self.0.join(name), finished: false });
            }
        }
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> ArchiveError {
        failed(&self.0)
    }
}

#[async_trait]
impl Archive for Folder {
    async fn list(&self) -> Result<Vec<Kept>, ArchiveError> {
        let files = || -> io::Result<Vec<Kept>> {
            let entries = fs::read_dir(&self.0)?.map(|entry| {
                let entry = entry?;
                let about = entry.metadata()?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Ok(about.is_file().then_some(Kept { name, size: about.len() }))
            });
            entries.filter_map(Result::transpose).collect()
        };
        files().map_err(self.failed())
    }

    async fn create(&self, name: &str) -> Result<Box<dyn Draft>, ArchiveError> {
        Ok(Box::new(self.begin(name).map_err(self.failed())?))
    }

    async fn open(&self, name: &str) -> Result<Box<dyn Source>, ArchiveError> {
        let path = self.0.join(name);
        let file = File::open(&path).map_err(failed(&path))?;
        Ok(Box::new(OpenFile(path, file)))
    }

    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        let path = self.0.join(name);
        fs::remove_file(&path).map_err(failed(&path))
    }
}

#[async_trait]
impl Draft for DraftFile {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.file.write_all(bytes).map_err(failed(&self.partial))
    }

    async fn finish(mut self: Box<Self>) -> Result<(), ArchiveError> {
        self.file.sync_all().map_err(failed(&self.partial))?;
        fs::rename(&self.partial, &self.whole).map_err(failed(&self.whole))?;
        self.finished = true;
        let folder = self.whole.parent().unwrap_or(Path::new("."));
        let named = File::open(folder).and_then(|folder| folder.sync_all());
        named.map_err(failed(folder))
    }

    async fn abandon(self: Box<Self>) {}
}

impl Drop for DraftFile {
    fn drop(&mut self) {
        if !self.finished {
            // What stays is removed by the next one who writes here.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

#[async_trait]
impl Source for OpenFile {
    async fn read(&mut self) -> Result<Vec<u8>, ArchiveError> {
        let Self(path, file) = self;
        let mut piece = Vec::new();
        file.take(PIECE).read_to_end(&mut piece).map_err(failed(path))?;
        Ok(piece)
    }
}
