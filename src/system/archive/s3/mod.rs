//! A bucket: backups are sent in parts and appear when the last one is there; read in parts, each of which may be asked again.

mod answer;
mod request;
mod signature;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use url::Url;

use super::{Archive, ArchiveError, Draft, Kept, Source};
use crate::domain::clock::{Clock, Entropy};
use answer::{Answer, texts};
use request::Request;
use upload::Upload;

/// Where the service is, and who asks it.
#[derive(Clone, Debug)]
pub struct Access {
    pub endpoint: Url,
    pub region: String,
    pub access_key: String,
    pub secret_key: SecretString,
}

/// What is held of a file at a time. S3 wants 5 MiB at least, and takes 10,000 parts: 80 GB.
const PART: usize = 8 << 20;

/// As many pages of a listing, of a thousand names each, as anybody will have.
const MOST_PAGES: usize = 100;

#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    access: Access,
    bucket: String,
    prefix: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Bucket {
    pub fn open(
        access: Access,
        bucket: String,
        prefix: String,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ArchiveError> {
        let http = request::client().map_err(|error| ArchiveError::Bucket(error.to_string()))?;
        Ok(Self(Arc::new(Inner { http, access, bucket, prefix, clock, entropy })))
    }

    fn request<'a>(&self, method: Method, name: Option<&str>) -> Request<'a> {
        Request::new(method, name.map(|name| format!("{}{name}", self.0.prefix)))
    }
}

#[async_trait]
impl Archive for Bucket {
    async fn list(&self) -> Result<Vec<Kept>, ArchiveError> {
        let (mut all, mut from) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut request = self.request(Method::GET, None).query("list-type", "2").query("delimiter", "/");
            request = request.query("prefix", &self.0.prefix);
            if let Some(token) = &from {
                request = request.query("continuation-token", token);
            }
            let page = self.0.send(&request).await?.text();
            all.extend(texts(&page, "Contents").filter_map(|entry| {
                let name = texts(&entry, "Key").next()?.strip_prefix(&self.0.prefix)?.to_owned();
                let size = texts(&entry, "Size").next()?.parse().ok()?;
                // What stands for a folder is called like it.
                (!name.is_empty()).then_some(Kept { name, size })
            }));
            from = texts(&page, "NextContinuationToken").next();
            if from.is_none() {
                return Ok(all);
            }
        }
        // Names ascend, so the newest would be among those that are left out.
        let prefix = &self.0.prefix;
        Err(ArchiveError::Bucket(format!("there are too many files at {prefix:?} to list them")))
    }

    async fn create(&self, name: &str) -> Result<Box<dyn Draft>, ArchiveError> {
        Ok(Box::new(Upload::begin(self.clone(), name).await?))
    }

    async fn open(&self, name: &str) -> Result<Box<dyn Source>, ArchiveError> {
        let size = self.0.send(&self.request(Method::HEAD, Some(name))).await?;
        let (total, tag) = (size.length(), size.header("etag").unwrap_or_default());
        let total = total.ok_or_else(|| ArchiveError::Bucket(format!("the size of {name} is not told")))?;
        Ok(Box::new(Object { bucket: self.clone(), name: name.to_owned(), tag, total, read: 0 }))
    }

    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        self.0.send(&self.request(Method::DELETE, Some(name))).await.map(drop)
    }
}

/// An object that is read; by its tag, so that what is read in the end is one and the same.
struct Object {
    bucket: Bucket,
    name: String,
    tag: String,
    total: u64,
    read: u64,
}

#[async_trait]
impl Source for Object {
    async fn read(&mut self) -> Result<Vec<u8>, ArchiveError> {
        if self.read >= self.total {
            return Ok(Vec::new());
        }
        let last = self.total.min(self.read + PART as u64) - 1;
        let range = format!("bytes={}-{last}", self.read);
        let request = self.bucket.request(Method::GET, Some(&self.name));
        let request = request.header("range", range).header("if-match", self.tag.clone());
        let Answer { body, .. } = self.bucket.0.send(&request).await?;
        if body.len() as u64 != last + 1 - self.read {
            return Err(ArchiveError::Bucket(format!("{} was not sent as it was asked for", self.name)));
        }
        self.read = last + 1;
        Ok(body)
    }
}
