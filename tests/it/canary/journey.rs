//! Everything that can be asked of the service over HTTP, well and badly, with secrets that can be recognised.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    commands::NEWCOMER,
    secrets::{Heard, Secrets},
};
use crate::support::{browser::Answer, mail_server::MailServer, process::Sockets, service::ORIGIN};

const FORM: &str = "application/x-www-form-urlencoded";
const ADA: &str = "ada-canary@example.org";
const MOVED: &str = "moved-canary@example.org";
/// Whom our proxy speaks for.
const FROM: &str = "203.0.113.77";
const PASSWORDS: [&str; 4] = [
    "canary-Zq7/first?word one",
    "canary-Zq7/second?word two",
    "canary-Zq7/third?word three",
    "canary-Zq7/wrong?word",
];

pub(super) struct Journey<'a> {
    client: Client,
    public: SocketAddr,
    internal: SocketAddr,
    mail: &'a MailServer,
    secrets: &'a mut Secrets,
    heard: &'a mut Heard,
    cookies: Vec<String>,
}

impl<'a> Journey<'a> {
    pub(super) fn begin(
        Sockets { public, internal }: Sockets,
        mail: &'a MailServer,
        secrets: &'a mut Secrets,
        heard: &'a mut Heard,
    ) -> Self {
        for password in PASSWORDS {
            secrets.note("a password", password);
        }
        for (what, personal) in [("an address", ADA), ("an address", MOVED), ("an IP address", FROM)] {
            secrets.note_personal(what, personal);
        }
        Self { client: Client::new(), public, internal, mail, secrets, heard, cookies: Vec::new() }
    }

    pub(super) async fn go(&mut self) {
        self.with_a_cookie().await;
        let refresh = self.with_tokens().await;
        self.inside().await;
        self.forgotten_password().await;
        self.changes().await;
        self.badly().await;
        self.post("/api/users/refresh", json!({ "refreshToken": refresh })).await;
        for path in ["/health", "/readyz", "/livez", "/metrics", "/docs"] {
            let answer = self.read(self.client.get(format!("http://{}{path}", self.internal))).await;
            self.heard.note_for_good(path, &answer.text);
        }
        self.call(Method::DELETE, "/api/users/me", Some(json!({ "password": PASSWORDS[2] }))).await;
    }

    /// Whoever was imported, and signs in with the hash of another system.
    pub(super) async fn of_a_newcomer(&mut self) {
        let (wrong, right) = (PASSWORDS[3], "correct horse battery");
        for (password, status) in [(wrong, 400), (right, 200)] {
            let answer =
                self.post("/api/users/signin", json!({ "email": NEWCOMER, "password": password })).await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
    }

    async fn with_a_cookie(&mut self) {
        let ada = json!({ "email": ADA, "password": PASSWORDS[0] });
        assert_eq!(self.post("/api/users/signup", ada.clone()).await.status, 201);
        let verify = self.mailed().await;
        self.post("/api/users/signup", ada.clone()).await;
        went(&self.post("/api/users/email/verify", json!({ "token": verify })).await);
        self.post("/api/users/email/verify", json!({ "token": verify })).await;
        self.post("/api/users/signin", json!({ "email": ADA, "password": PASSWORDS[3] })).await;
        assert_eq!(self.post("/api/users/signin", ada).await.status, 200);
        for path in ["/api/users/currentuser", "/api/users/sessions", "/api/users/me/export"] {
            let answer = self.call(Method::GET, path, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            self.heard.note(path, &answer.text);
        }
        self.post("/api/users/refresh", json!({})).await;
    }

    /// As a program, which has no cookies.
    async fn with_tokens(&mut self) -> String {
        let cookies = std::mem::take(&mut self.cookies);
        let wish = json!({ "email": ADA, "password": PASSWORDS[0], "mode": "token" });
        let first = self.post("/api/users/signin", wish).await.json();
        let refresh = first["refreshToken"].as_str().unwrap().to_owned();
        let next = self.post("/api/users/refresh", json!({ "refreshToken": refresh })).await;
        assert_eq!(next.status, 200, "{next:?}");
        let access = next.json()["accessToken"].as_str().unwrap().to_owned();
        let bearer = self.client.get(self.url("/api/users/currentuser")).bearer_auth(&access);
        self.read(bearer).await;
        // Used twice: a theft, to us.
        let again = self.post("/api/users/refresh", json!({ "refreshToken": refresh })).await;
        assert_eq!(again.status, 401, "{again:?}");
        self.cookies = cookies;
        refresh
    }

    async fn inside(&mut self) {
        let at = |path: &str| format!("http://{}{path}", self.internal);
        let cookies = self.cookies.join("; ");
        let whoami = self.client.get(at("/v1/whoami")).header("cookie", &cookies);
        let gate = self.client.get(at("/v1/forward-auth/nic/signed-in")).header("cookie", &cookies);
        let bad =
            self.client.get(at("/v1/forward-auth/ngf/canary-rule")).header("cookie", "session=pcs_canary");
        let answer = self.read(whoami).await;
        let token = answer.json()["accessToken"].as_str().unwrap().to_owned();
        let gate = self.read(gate).await;
        let introduced = gate.header("authorization").unwrap().split_once(' ').unwrap().1.to_owned();
        self.secrets.note("an access token", &introduced);
        self.read(bad).await;
        for token in [token.clone(), format!("{token}x"), "canary-Zq7-no-token".to_owned()] {
            self.secrets.note("a token", &token);
            let at = |path: &str| format!("http://{}{path}", self.internal);
            let asked = [
                self.client.post(at("/v1/token/verify")).json(&json!({ "token": token })),
                self.client.post(at("/v1/token/verify-header")).bearer_auth(&token),
                self.client
                    .post(at("/v1/introspect"))
                    .header("content-type", FORM)
                    .body(format!("token={token}")),
                self.client.post(at("/v1/introspect")).json(&json!({ "token": token })),
            ];
            for request in asked {
                self.read(request).await;
            }
        }
    }

    async fn forgotten_password(&mut self) {
        self.post("/api/users/password/forgot", json!({ "email": ADA })).await;
        let token = self.mailed().await;
        let reset = json!({ "token": token, "newPassword": PASSWORDS[1] });
        self.post("/api/users/password/reset", json!({ "token": token, "newPassword": "canary" })).await;
        went(&self.post("/api/users/password/reset", reset.clone()).await);
        self.post("/api/users/password/reset", reset).await;
        let signed_in =
            self.post("/api/users/signin", json!({ "email": ADA, "password": PASSWORDS[1] })).await;
        assert_eq!(signed_in.status, 200);
    }

    async fn changes(&mut self) {
        let change = json!({ "currentPassword": PASSWORDS[1], "newPassword": PASSWORDS[2] });
        let answer = self.call(Method::PUT, "/api/users/password", Some(change)).await;
        went(&answer);
        let change = json!({ "password": PASSWORDS[2], "email": MOVED });
        let answer = self.call(Method::PUT, "/api/users/email", Some(change)).await;
        went(&answer);
        let token = self.mailed().await;
        went(&self.post("/api/users/email/verify", json!({ "token": token })).await);
        self.mailed().await;
        self.events().await;
    }

    /// One's own, as a page and as a stream.
    async fn events(&mut self) {
        let page = self.call(Method::GET, "/api/users/events?limit=100", None).await;
        assert_eq!(page.status, 200, "{page:?}");
        self.heard.note("/api/users/events", &page.text);
        let stream = self.client.get(self.url("/api/users/events")).header("cookie", self.cookies.join("; "));
        let stream = stream.header("accept", "text/event-stream").header("last-event-id", "0");
        let mut stream = stream.send().await.unwrap();
        let mut told = String::new();
        while !told.contains("event: email_changed") {
            told += &String::from_utf8(stream.chunk().await.unwrap().expect("more").into()).unwrap();
        }
        self.heard.note("/api/users/events", &told);
    }

    /// What nobody should send.
    async fn badly(&mut self) {
        let secret = "canary-Zq7/astray?word";
        self.secrets.note("a secret astray", secret);
        let encoded = super::encoded(secret);
        for path in
            ["/api/users/signup", "/api/users/signin", "/api/users/refresh", "/api/users/password/reset"]
        {
            for body in [
                format!("{{\"password\": \"{secret}\""),
                format!("{{\"email\": \"ada@example.org\", \"password\": {{\"a\": \"{secret}\"}}}}"),
                format!("{{\"password\": \"{secret}\", \"password\": \"{secret}\"}}"),
                format!("\"{secret}\""),
                secret.to_owned(),
            ] {
                for kind in ["application/json", "text/plain"] {
                    let request =
                        self.client.post(self.url(path)).header("content-type", kind).body(body.clone());
                    self.read(request).await;
                }
            }
        }
        let asked = [
            self.client.get(self.url(&format!("/api/users/currentuser?token={encoded}"))),
            self.client.get(self.url(&format!("/{encoded}"))),
            self.client.delete(self.url(&format!("/api/users/sessions/{encoded}"))),
            self.client
                .get(self.url("/api/users/currentuser"))
                .header("cookie", format!("session=pcs_{encoded}")),
            self.client
                .get(self.url("/api/users/currentuser"))
                .header("cookie", "session=a; session=canary-Zq7"),
            self.client.get(self.url("/api/users/sessions")).bearer_auth(&encoded),
            self.client.get(self.url("/api/users/sessions")).basic_auth("ada", Some(secret)),
            self.client.get(self.url("/api/users/sessions")).header("traceparent", &encoded),
            self.client.request(Method::from_bytes(b"canary-Zq7-method").unwrap(), self.url("/")),
        ];
        for request in asked {
            self.read(request).await;
        }
        self.secrets.note("a method", "canary-Zq7-method");
    }

    /// The token in the next mail that has one.
    async fn mailed(&mut self) -> String {
        loop {
            let mail = self.mail.mail().await;
            if mail.text().contains("#token=") {
                let token = mail.token();
                self.secrets.note("a mailed token", &token);
                return token;
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.public)
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request =
            self.client.request(method, self.url(path)).header("cookie", self.cookies.join("; "));
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.read(request).await
    }

    /// Notes what is secret in the answer, and the answer where nothing may be.
    async fn read(&mut self, request: RequestBuilder) -> Answer {
        let request = request.header("origin", ORIGIN).header("x-forwarded-for", FROM);
        let mut answer = Answer::read(request.try_clone().unwrap()).await.expect("an answer");
        while answer.status == 503 && answer.codes() == ["busy"] {
            sleep(Duration::from_secs(1)).await;
            answer = Answer::read(request.try_clone().unwrap()).await.expect("an answer");
        }
        assert!(answer.status < 500, "{answer:?}");
        if answer.status >= 400 {
            self.heard.note("a problem", &format!("{} {:?}", answer.text, answer.headers));
        } else if let Ok(body) = serde_json::from_str(&answer.text) {
            self.secrets.note_tokens_of(&body);
        }
        for set in answer.headers.get_all("set-cookie") {
            self.keep(set.to_str().unwrap());
        }
        answer
    }

    fn keep(&mut self, set: &str) {
        let pair = set.split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        self.cookies.retain(|kept| !kept.starts_with(&format!("{name}=")));
        if !value.is_empty() && !set.contains("Max-Age=0") {
            self.secrets.note(&format!("the cookie {name}"), value);
            self.cookies.push(pair.to_owned());
        }
    }
}

fn went(answer: &Answer) {
    assert!(answer.status < 300, "{answer:?}");
}
