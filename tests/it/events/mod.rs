//! Security events: what is written down, who may read it, as it happens too, and whether it can be trusted.

mod chain;
mod detailed;
mod forged;
mod killed;
mod lost;
mod pages;
mod recorded;
mod streams;
mod vocabulary;
mod watched;

use std::{net::SocketAddr, time::Duration};

use portcullis::domain::user::Role;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    browser::{Browser, PASSWORD},
    people::email,
    service::Service,
};

/// Longer than any of it takes, heartbeats included.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of events, as a program reads it.
pub(super) struct Stream {
    response: Response,
    unread: String,
    /// The last id that was told, with an event or without.
    pub(super) last: Option<String>,
}

/// One event of a stream.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) body: Value,
}

impl Stream {
    pub(super) async fn open(request: RequestBuilder, after: Option<&str>) -> Self {
        Self::try_open(request, after).await.unwrap_or_else(|status| panic!("a stream, not {status}"))
    }

    /// The status where there is no stream.
    pub(super) async fn try_open(request: RequestBuilder, after: Option<&str>) -> Result<Self, u16> {
        let request = request.header("accept", "text/event-stream");
        let request = after.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        let response = request.send().await.map_err(|_| 0_u16)?;
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Ok(Self { response, unread: String::new(), last: after.map(str::to_owned) })
    }

    /// The next event; `None` where the stream has ended.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let Some(id) = field("id: ") {
                self.last = Some(id);
            }
            if let (Some(kind), Some(data)) = (field("event: "), field("data: ")) {
                let body = serde_json::from_str(&data).unwrap();
                return Some(Told { id: self.last.clone().unwrap(), kind, body });
            }
        }
    }

    /// Until it is known where the stream begins.
    pub(super) async fn begun(mut self) -> Self {
        while self.last.is_none() {
            let block = self.block().await.expect("a first word");
            self.last = block.lines().find_map(|line| line.strip_prefix("id: ")).map(str::to_owned);
        }
        self
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                return Some(block);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a word in time");
            self.unread.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }
}

/// A request for the caller's own events.
fn own(client: &Client, public: SocketAddr, browser: &Browser) -> RequestBuilder {
    let request = client.get(format!("http://{public}/api/users/events"));
    request.header("cookie", browser.cookie.as_deref().unwrap())
}

/// Somebody who has signed up as an administrator, with an access token.
async fn admin(service: &Service, address: &str) -> Browser {
    assert_eq!(Browser::at(service).sign_up(address).await.status, 201);
    let user = service.store.user_by_email(&email(address)).await.unwrap().unwrap();
    let roles = vec![Role::try_from("admin").unwrap()];
    service.store.replace_user(&user.clone().with_roles(roles, user.attrs().updated_at)).await.unwrap();
    let mut browser = Browser::at(service);
    let wish = json!({ "email": address, "password": PASSWORD, "mode": "token" });
    let tokens = browser.post("/api/users/signin", wish).await.json();
    let mut inside = Browser::to(service.internal);
    inside.token = Some(tokens["accessToken"].as_str().unwrap().to_owned());
    inside
}
