//! One request, sent until it is answered: a few times, later and later, and then no more.

use std::time::Duration;

use reqwest::{Method, Response};
use tokio::time::sleep;

use super::{
    Inner, PART,
    answer::{Answer, complaint},
    signature::{Signed, encoded, sha256},
};
use crate::{
    domain::{causes::chain, clock::random},
    system::archive::ArchiveError,
};

const TO_CONNECT: Duration = Duration::from_secs(5);
/// For a part of 8 MiB, also over a slow line.
const TO_ANSWER: Duration = Duration::from_mins(2);
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// No answer is longer: a part of a file, or a page of a listing.
const LONGEST: usize = PART + (1 << 20);

pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    // What was signed for one address is of no use at another.
    let redirects = reqwest::redirect::Policy::none();
    reqwest::Client::builder().redirect(redirects).connect_timeout(TO_CONNECT).timeout(TO_ANSWER).build()
}

pub(super) struct Request<'a> {
    method: Method,
    /// `None` is the bucket itself.
    key: Option<String>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    pub(super) const fn new(method: Method, key: Option<String>) -> Self {
        Self { method, key, query: Vec::new(), headers: Vec::new(), body: &[] }
    }

    pub(super) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) const fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }
}

/// What a try came to that another one may mend.
struct Passing(String);

impl Inner {
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Answer, ArchiveError> {
        let mut pause = FIRST_PAUSE;
        let mut last = String::new();
        for tried in 1..=TRIES {
            match self.try_once(request).await? {
                Ok(answer) => return Ok(answer),
                Err(Passing(reason)) => last = reason,
            }
            if tried < TRIES {
                let [chance] = random(&*self.entropy).unwrap_or([0]);
                sleep(pause + pause * u32::from(chance) / 255).await;
                pause *= 2;
            }
        }
        Err(self.failed(request, &last))
    }

    async fn try_once(&self, request: &Request<'_>) -> Result<Result<Answer, Passing>, ArchiveError> {
        let sent = match self.signed(request)?.send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(error),
        };
        let answer = match sent {
            Ok(answer) => answer,
            // Its own words name the address, and what is behind them says what is wrong.
            Err(error) => return Ok(Err(Passing(chain(&error.without_url())))),
        };
        if answer.status.is_success() {
            return Ok(Ok(answer));
        }
        let said = format!("{} {}", answer.status.as_u16(), complaint(&answer));
        // Too slow, or too often.
        let passing = answer.status.is_server_error() || matches!(answer.status.as_u16(), 408 | 429);
        if passing { Ok(Err(Passing(said))) } else { Err(self.failed(request, &said)) }
    }

    fn signed(&self, request: &Request<'_>) -> Result<reqwest::RequestBuilder, ArchiveError> {
        let Request { method, key, query, headers, body } = request;
        let mut url = self.access.endpoint.clone();
        let mut path = format!("{}/{}", url.path().trim_end_matches('/'), self.bucket);
        if let Some(key) = key {
            path = format!("{path}/{}", encoded(key, true));
        }
        let mut query: Vec<_> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value, false))).collect();
        query.sort_unstable();
        let query = query.join("&");
        url.set_path(&path);
        url.set_query((!query.is_empty()).then_some(&query));

        let host = url.host_str().ok_or_else(|| self.failed(request, "its address has no host"))?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let digest = sha256(body);
        let (method_name, at) = (method.as_str(), self.clock.now());
        let signed =
            Signed { method: method_name, host: &host, path: &path, query: &query, digest: &digest, at };
        let mut ready = self.http.request(method.clone(), url.clone());
        for (name, value) in headers {
            ready = ready.header(*name, value);
        }
        Ok(ready
            .header("x-amz-date", signed.date())
            .header("x-amz-content-sha256", &digest)
            .header("authorization", signed.authorization(&self.access))
            .body(body.to_vec()))
    }

    fn failed(&self, request: &Request<'_>, said: &str) -> ArchiveError {
        let (bucket, key) = (&self.bucket, request.key.as_deref().unwrap_or(&self.prefix));
        ArchiveError::Bucket(format!("s3://{bucket}/{key} at {}: {}", self.access.endpoint, said.trim()))
    }
}

async fn read(mut response: Response) -> reqwest::Result<Answer> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST {
            break;
        }
    }
    Ok(Answer { status, headers, body })
}
