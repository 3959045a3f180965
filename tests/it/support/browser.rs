//! Somebody with a browser: keeps the session cookie and says where its requests come from.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Method, header::HeaderMap};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::service::{ORIGIN, Service};

#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    base: String,
    pub(crate) origin: String,
    pub(crate) cookie: Option<String>,
    /// An access token.
    pub(crate) token: Option<String>,
    /// What it says of where it comes from, as a proxy does.
    pub(crate) forwarded_for: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

impl Browser {
    pub(crate) fn at(service: &Service) -> Self {
        Self::to(service.public)
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let client = Client::builder().build().unwrap();
        Self {
            client,
            base: format!("http://{address}"),
            origin: ORIGIN.to_owned(),
            cookie: None,
            token: None,
            forwarded_for: None,
        }
    }

    pub(crate) async fn sign_up(&mut self, email: &str) -> Answer {
        self.post("/api/users/signup", json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/api/users/signin", json!({ "email": email, "password": password })).await
    }

    pub(crate) async fn sign_out(&mut self) -> Answer {
        self.post("/api/users/signout", json!({})).await
    }

    /// The address of whoever is signed in.
    pub(crate) async fn current_user(&mut self) -> Option<String> {
        let answer = self.get("/api/users/currentuser").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let user = &answer.json()["currentUser"];
        if user.is_null() { None } else { Some(user["email"].as_str().unwrap().to_owned()) }
    }

    /// The address of whoever is behind an access token.
    pub(crate) async fn current_user_with(&mut self, token: &str) -> Option<String> {
        let kept = (self.cookie.take(), self.token.replace(token.to_owned()));
        let found = self.current_user().await;
        (self.cookie, self.token) = kept;
        found
    }

    pub(crate) async fn refresh(&mut self, token: &str) -> Answer {
        self.post("/api/users/refresh", json!({ "refreshToken": token })).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&mut self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// Comes back when it is told to, as any decent client: beside a busy neighbour hashing takes what is left over.
    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        loop {
            let answer = self.try_ask(method.clone(), path, body.clone()).await.expect("the service answers");
            if answer.status != 503 || answer.codes() != ["busy"] {
                return answer;
            }
            let pause = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).unwrap();
            sleep(Duration::from_secs(pause)).await;
        }
    }

    /// `None` when the connection broke before an answer was there.
    pub(crate) async fn try_ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header("origin", &self.origin);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(from) = &self.forwarded_for {
            request = request.header("x-forwarded-for", from);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = Answer::read(request).await?;
        self.remember(&answer);
        Some(answer)
    }

    fn remember(&mut self, answer: &Answer) {
        let set = answer.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
        // Not what shows that it is known, which most tests have no need of.
        let Some(set) = set.into_iter().find(|set| set.contains("session=")) else { return };
        let pair = set.split(';').next().unwrap();
        self.cookie = if set.contains("Max-Age=0") { None } else { Some(pair.to_owned()) };
    }
}

impl Answer {
    pub(crate) async fn read(request: reqwest::RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Self { status, headers, text: response.text().await.ok()? })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn set_cookie(&self) -> Option<&str> {
        self.header("set-cookie")
    }

    /// The codes of a problem, after a look at whether it is one in every respect.
    pub(crate) fn codes(&self) -> Vec<String> {
        assert_problem(self.status, self.header("content-type"), self.header("x-request-id"), &self.json());
        let errors = self.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
    }
}

/// The one shape of everything that is neither 2xx nor 3xx.
pub(crate) fn assert_problem(
    status: u16,
    content_type: Option<&str>,
    request_id: Option<&str>,
    body: &Value,
) {
    assert_eq!(content_type, Some("application/problem+json"));
    assert_eq!(body["status"], status);
    assert_eq!(body["requestId"].as_str(), request_id);
    assert!(request_id.is_some_and(|id| !id.is_empty()));
    assert!(body["type"].as_str().unwrap().starts_with("urn:portcullis:problem:"));
    assert!(!body["title"].as_str().unwrap().is_empty());
    let errors = body["errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    for error in errors {
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
    }
    let known = ["type", "title", "status", "requestId", "errors"];
    assert!(body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
}
