//! What the API server tells: objects by their folder and name, and what pods answer through it.

use std::time::Duration;

use ::kube::{
    Client,
    api::{GetParams, ListParams},
    client::Body,
    core::Request,
};
use http_body_util::{BodyExt, Limited};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::super::{Failure, client_with};
use crate::domain::causes::chain;

/// Objects of one answer.
const ON_A_PAGE: u32 = 500;

/// Whoever has more of a kind in one namespace is told so.
const PAGES: usize = 20;

/// A page of large objects has a few mebibytes.
const LONGEST: usize = 16 * 1024 * 1024;

pub(super) struct Cluster {
    client: Client,
    pub(super) namespace: String,
    deadline: Duration,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    #[error("it is not there")]
    Missing,
    #[error("you may not read it: {0}")]
    Forbidden(String),
    #[error("{0}")]
    Failed(String),
}

/// An answer of whatever kind.
pub(super) struct Reply {
    pub(super) status: u16,
    /// By the clock of whoever answered.
    pub(super) date: Option<Timestamp>,
    pub(super) body: Vec<u8>,
}

enum Asked<'a> {
    One {
        folder: &'a str,
        name: &'a str,
    },
    /// From a page on.
    All {
        folder: &'a str,
        page: &'a str,
    },
    Below {
        folder: &'a str,
        name: &'a str,
        path: &'a str,
    },
}

#[derive(Deserialize)]
struct Listed<T> {
    metadata: Page,
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Page {
    /// Where the next one begins; nothing or empty on the last.
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// How the API server itself says no, whoever was asked through it.
#[derive(Deserialize)]
struct Status {
    kind: String,
    message: String,
}

pub(super) type Read<T> = Result<T, Unread>;

impl Cluster {
    /// What is broken is not asked again and again: that would hide how it is.
    pub(super) async fn find(namespace: &str, deadline: Duration) -> Result<Self, Failure> {
        let client = client_with(|config| config.default_retry = false).await?;
        Ok(Self { client, namespace: namespace.to_owned(), deadline })
    }

    /// The folder of a kind, in our namespace.
    pub(super) fn folder(&self, group: &str, plural: &str) -> String {
        let root = if group.contains('/') { "apis" } else { "api" };
        format!("/{root}/{group}/namespaces/{}/{plural}", self.namespace)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, folder: &str, name: &str) -> Read<T> {
        parse(&self.read(&Asked::One { folder, name }).await?)
    }

    pub(super) async fn list<T: DeserializeOwned>(&self, folder: &str) -> Read<Vec<T>> {
        let (mut all, mut page) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let listed: Listed<T> = parse(&self.read(&Asked::All { folder, page: &page }).await?)?;
            all.extend(listed.items);
            match listed.metadata.next {
                Some(next) if !next.is_empty() => page = next,
                _ => return Ok(all),
            }
        }
        Err(Unread::Failed(format!("there are more than {} of them", all.len())))
    }

    /// What a pod answers on one of its ports.
    pub(super) async fn through(&self, pod: &str, port: u16, path: &str) -> Read<Reply> {
        let (folder, pod, path) =
            (self.folder("v1", "pods"), format!("{pod}:{port}"), format!("proxy/{path}"));
        let reply = self.send(&Asked::Below { folder: &folder, name: &pod, path: &path }).await?;
        refusal(&reply).map_or(Ok(reply), Err)
    }

    /// What time it is at the API server.
    pub(super) async fn date(&self) -> Read<Option<Timestamp>> {
        Ok(self.send(&Asked::One { folder: "", name: "version" }).await?.date)
    }

    async fn read(&self, asked: &Asked<'_>) -> Read<Vec<u8>> {
        let reply = self.send(asked).await?;
        match refusal(&reply) {
            Some(unread) => Err(unread),
            None if (200..300).contains(&reply.status) => Ok(reply.body),
            // As it is with a kind that this server does not know.
            None if reply.status == 404 => Err(Unread::Missing),
            None => Err(Unread::Failed(format!("the Kubernetes API answers {}", reply.status))),
        }
    }

    async fn send(&self, asked: &Asked<'_>) -> Read<Reply> {
        let request = match *asked {
            Asked::One { folder, name } => Request::new(folder).get(name, &GetParams::default()),
            Asked::All { folder, page } => {
                let mut params = ListParams::default().limit(ON_A_PAGE);
                params.continue_token = Some(page.to_owned()).filter(|page| !page.is_empty());
                Request::new(folder).list(&params)
            }
            Asked::Below { folder, name, path } => Request::new(folder).get_subresource(path, name),
        };
        let request = request.map_err(|error| Unread::Failed(error.to_string()))?;
        let answered = async {
            let response = self.client.send(request.map(Body::from)).await?;
            let date = response.headers().get("date").and_then(|date| date.to_str().ok());
            let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), LONGEST).collect().await;
            let body = body.map_err(::kube::Error::Service)?.to_bytes().to_vec();
            Ok::<_, ::kube::Error>(Reply { status, date, body })
        };
        match timeout(self.deadline, answered).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(Unread::Failed(chain(&error))),
            Err(_) => Err(Unread::Failed("no answer in time".to_owned())),
        }
    }
}

fn refusal(reply: &Reply) -> Option<Unread> {
    if reply.status < 400 {
        return None;
    }
    let Status { kind, message } = serde_json::from_slice(&reply.body).ok()?;
    match reply.status {
        _ if kind != "Status" => None,
        401 | 403 => Some(Unread::Forbidden(message)),
        404 => Some(Unread::Missing),
        // What the API server says of a pod that has no address yet.
        _ if message == "address not allowed" => Some(Unread::Failed("it has not started".to_owned())),
        _ => Some(Unread::Failed(message)),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Read<T> {
    // What does not fit is not quoted: it may be a Secret.
    serde_json::from_slice(body).map_err(|error| {
        Unread::Failed(format!("the Kubernetes API answers in another shape, at {}", error.column()))
    })
}
