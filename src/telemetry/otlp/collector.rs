//! One collector: takes what it is sent within a deadline, or is said to be away.

use std::time::Duration;

use reqwest::{
    Client, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue},
    redirect::Policy,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Otlp;
use crate::domain::causes::bottom;

/// For one batch; whoever is slower keeps nobody but the batches behind it waiting.
const DEADLINE: Duration = Duration::from_secs(3);

/// Nothing that it answers is of interest; read to its end, it leaves the connection for the next batch.
const LONGEST_ANSWER: usize = 64 * 1024;

pub(super) struct Collector {
    client: Client,
    spans: Url,
    lines: Url,
}

/// Why something was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("the collector answered {0}")]
    Refused(StatusCode),
    #[error("no answer in time")]
    Late,
    #[error("{}", bottom(.0))]
    Failed(reqwest::Error),
    #[error("a header cannot be sent")]
    Header(#[from] InvalidHeaderValue),
}

impl From<reqwest::Error> for NotTaken {
    fn from(error: reqwest::Error) -> Self {
        // Not where it was going, which may hold a secret.
        if error.is_timeout() { Self::Late } else { Self::Failed(error.without_url()) }
    }
}

impl Collector {
    pub(super) fn new(to: &Otlp) -> Result<Self, NotTaken> {
        let client = Client::builder()
            .default_headers(headers(to)?)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            // What is secret for one place is of no use at another.
            .redirect(Policy::none())
            .http1_only()
            .timeout(DEADLINE)
            .build()?;
        Ok(Self { client, spans: below(&to.url, "v1/traces"), lines: below(&to.url, "v1/logs") })
    }

    pub(super) async fn take_spans(&self, spans: &Value) -> Result<(), NotTaken> {
        self.post(&self.spans, spans).await
    }

    pub(super) async fn take_lines(&self, lines: &Value) -> Result<(), NotTaken> {
        self.post(&self.lines, lines).await
    }

    async fn post(&self, url: &Url, body: &Value) -> Result<(), NotTaken> {
        let mut answer = self.client.post(url.clone()).json(body).send().await?;
        let mut read = 0;
        while read < LONGEST_ANSWER
            && let Some(more) = answer.chunk().await?
        {
            read += more.len();
        }
        if answer.status().is_success() { Ok(()) } else { Err(NotTaken::Refused(answer.status())) }
    }
}

fn headers(to: &Otlp) -> Result<HeaderMap, NotTaken> {
    let mut headers = HeaderMap::new();
    for (name, value) in &to.headers {
        let mut value = HeaderValue::from_str(value.expose_secret())?;
        value.set_sensitive(true);
        if let Ok(name) = name.parse::<HeaderName>() {
            headers.insert(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

/// Whatever path the collector itself is at.
fn below(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_its_path_below_that_of_the_collector() {
        for (url, whole) in [
            ("http://collector:4318", "http://collector:4318/v1/logs"),
            ("https://example.org/otlp", "https://example.org/otlp/v1/logs"),
            ("https://example.org/otlp/", "https://example.org/otlp/v1/logs"),
        ] {
            assert_eq!(below(&url.parse().unwrap(), "v1/logs").as_str(), whole);
        }
    }
}
