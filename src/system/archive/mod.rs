//! Where backups are kept: a folder, or a bucket of an S3-compatible service; or whoever holds the other end of a pipe.

mod folder;
mod pipe;
mod s3;

use std::{
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use async_trait::async_trait;

pub use folder::Folder;
pub use pipe::Pipe;
pub use s3::{Access, Bucket};

/// Files that are whole or not there.
#[async_trait]
pub trait Archive: Send + Sync {
    async fn list(&self) -> Result<Vec<Kept>, ArchiveError>;

    /// A file of this name, which nobody sees until it is finished.
    async fn create(&self, name: &str) -> Result<Box<dyn Draft>, ArchiveError>;

    async fn open(&self, name: &str) -> Result<Box<dyn Source>, ArchiveError>;

    async fn remove(&self, name: &str) -> Result<(), ArchiveError>;
}

/// A file in the making.
#[async_trait]
pub trait Draft: Send {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError>;

    /// Once it is `Ok`, the file is whole, under its name, and survives a power cut.
    async fn finish(self: Box<Self>) -> Result<(), ArchiveError>;

    /// As if it had never been begun, as far as that can be had.
    async fn abandon(self: Box<Self>);
}

#[async_trait]
pub trait Source: Send {
    /// The next bytes, some megabytes at most; nothing at the end.
    async fn read(&mut self) -> Result<Vec<u8>, ArchiveError>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    pub size: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// What the service, or the way to it, said.
    #[error("{0}")]
    Bucket(String),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |error| ArchiveError::File(path, error)
}

/// An archive's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output, or input.
    Pipe,
    Folder(PathBuf),
    Bucket {
        bucket: String,
        /// Empty, or a path that ends in a slash.
        prefix: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a folder nor s3://BUCKET/PREFIX nor -")]
pub struct NotAPlace;

impl Place {
    /// An address of one file, as that of its archive and the file's name; of an archive, without one.
    pub fn split(self) -> (Self, Option<String>) {
        let is_file = |name: &str| matches!(name.rsplit_once('.'), Some((_, "age" | "gz")));
        match self {
            Self::Pipe => (Self::Pipe, Some("on standard input".to_owned())),
            Self::Folder(path) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                match (name.filter(|name| is_file(name)), path.parent()) {
                    (Some(name), Some(folder)) => (Self::Folder(folder.to_owned()), Some(name)),
                    _ => (Self::Folder(path), None),
                }
            }
            Self::Bucket { bucket, prefix } => {
                let path = prefix.trim_end_matches('/');
                let (folder, name) =
                    path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
                if is_file(name) {
                    let name = Some(name.to_owned());
                    return (Self::Bucket { bucket, prefix: with_slash(folder) }, name);
                }
                (Self::Bucket { bucket, prefix }, None)
            }
        }
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        if text == "-" {
            return Ok(Self::Pipe);
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            let is_path = !text.is_empty() && !text.contains("://");
            return if is_path { Ok(Self::Folder(text.into())) } else { Err(NotAPlace) };
        };
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let path = path.trim_end_matches('/');
        // What a URL would take for something else.
        let plain = path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if (3..=63).contains(&bucket.len()) && bucket.chars().all(named) && plain {
            Ok(Self::Bucket { bucket: bucket.to_owned(), prefix: with_slash(path) })
        } else {
            Err(NotAPlace)
        }
    }
}

fn with_slash(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(prefix: &str) -> Place {
        Place::Bucket { bucket: "backups".to_owned(), prefix: prefix.to_owned() }
    }

    #[test]
    fn an_address_is_a_folder_or_a_bucket_and_may_name_a_file() {
        let split = |text: &str| text.parse::<Place>().unwrap().split();
        assert_eq!(split("/var/backups"), (Place::Folder("/var/backups".into()), None));
        assert_eq!(split("b/a.jsonl.gz.age"), (Place::Folder("b".into()), Some("a.jsonl.gz.age".to_owned())));
        assert_eq!(split("s3://backups"), (bucket(""), None));
        assert_eq!(split("s3://backups/auth"), (bucket("auth/"), None));
        assert_eq!(split("s3://backups/auth/prod/"), (bucket("auth/prod/"), None));
        assert_eq!(split("s3://backups/x/a.gz"), (bucket("x/"), Some("a.gz".to_owned())));
        assert_eq!(split("s3://backups/a.gz"), (bucket(""), Some("a.gz".to_owned())));
        for wrong in
            ["", "s3://", "s3://Backups", "s3://b/..", "s3://backups/../a", "s3://backups//a", "https://h/b"]
        {
            assert_eq!(wrong.parse::<Place>(), Err(NotAPlace), "{wrong}");
        }
    }
}
