//! An upload in parts: what was sent is seen by nobody until it is completed.

use async_trait::async_trait;
use reqwest::Method;

use super::{Bucket, PART, Request, texts};
use crate::system::archive::{ArchiveError, Draft};

pub(super) struct Upload {
    bucket: Bucket,
    name: String,
    id: String,
    /// What does not fill a part yet.
    held: Vec<u8>,
    /// By which the service knows each part.
    tags: Vec<String>,
    size: u64,
}

impl Upload {
    pub(super) async fn begin(bucket: Bucket, name: &str) -> Result<Self, ArchiveError> {
        let request = bucket.request(Method::POST, Some(name)).query("uploads", "");
        let begun = bucket.0.send(&request).await?.text();
        let id = texts(&begun, "UploadId").next();
        let id = id.ok_or_else(|| ArchiveError::Bucket("the upload was given no id".to_owned()))?;
        Ok(Self { bucket, name: name.to_owned(), id, held: Vec::new(), tags: Vec::new(), size: 0 })
    }

    fn request<'a>(&self, method: Method) -> Request<'a> {
        self.bucket.request(method, Some(&self.name)).query("uploadId", &self.id)
    }

    async fn send_part(&mut self) -> Result<(), ArchiveError> {
        let rest = self.held.split_off(self.held.len().min(PART));
        let number = (self.tags.len() + 1).to_string();
        let request = self.request(Method::PUT).query("partNumber", &number).body(&self.held);
        let sent = self.bucket.0.send(&request).await?;
        let tag = sent.header("etag");
        self.tags.push(tag.ok_or_else(|| ArchiveError::Bucket("a part was given no tag".to_owned()))?);
        self.held = rest;
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), ArchiveError> {
        if !self.held.is_empty() || self.tags.is_empty() {
            self.send_part().await?;
        }
        let part = |(number, tag): (usize, &String)| {
            format!("<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", number + 1)
        };
        let parts: String = self.tags.iter().enumerate().map(part).collect();
        let list = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let answer = self.bucket.0.send(&self.request(Method::POST).body(list.as_bytes())).await?;
        // It may begin with 200 long before it knows.
        let said = answer.text();
        match texts(&said, "Code").next() {
            Some(code) => Err(ArchiveError::Bucket(format!("the upload could not be completed: {code}"))),
            None => Ok(()),
        }
    }

    async fn is_there(&self) -> bool {
        let found = self.bucket.0.send(&self.bucket.request(Method::HEAD, Some(&self.name))).await;
        found.is_ok_and(|found| found.length() == Some(self.size))
    }
}

#[async_trait]
impl Draft for Upload {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.size += bytes.len() as u64;
        self.held.extend_from_slice(bytes);
        while self.held.len() >= PART {
            self.send_part().await?;
        }
        Ok(())
    }

    /// When the answer to the completion is lost, it is asked for again, and the second answer is that there is no such upload.
    async fn finish(mut self: Box<Self>) -> Result<(), ArchiveError> {
        match self.complete().await {
            Err(_) if self.is_there().await => Ok(()),
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    async fn abandon(self: Box<Self>) {
        if let Err(error) = self.bucket.0.send(&self.request(Method::DELETE)).await {
            tracing::warn!(cause = %error, "parts of a backup stay in the bucket, seen by nobody; a rule of the bucket can remove such");
        }
    }
}
