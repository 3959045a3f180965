//! Somebody outside of the cluster, who comes in by its ingress.

use std::{env, fs, net::SocketAddr, time::Duration};

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

pub(crate) const ORIGIN: &str = "https://ticketing.dev";
const PASSWORD: &str = "correct horse battery";
/// That of `make dev-secrets`: whoever shows another certificate is not our ingress.
const CERTIFICATE: &str = "k8s/components/tls/self-signed/files/tls.crt";

#[derive(Clone)]
pub(crate) struct Edge {
    client: Client,
    port: u16,
}

/// What came back, if anything did.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) cookie: Option<String>,
}

/// Where the controller answers with TLS.
pub(crate) fn address() -> String {
    env::var("INGRESS").unwrap_or_else(|_| "127.0.0.1:8443".to_owned())
}

impl Edge {
    pub(crate) fn new() -> Self {
        let at: SocketAddr = address().parse().expect("INGRESS as ADDRESS:PORT");
        let pem = fs::read(CERTIFICATE).expect("make dev-secrets wrote a certificate");
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&pem).expect("a certificate")])
            .resolve("ticketing.dev", at)
            .timeout(Duration::from_secs(10))
            .build()
            .expect("a client");
        Self { client, port: at.port() }
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Answer {
        self.post("/api/users/signup", json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn sign_in(&self, email: &str) -> Answer {
        self.post("/api/users/signin", json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, &[("origin", ORIGIN)], Some(body)).await
    }

    /// A controller that is configured anew closes its kept connections, some at the moment when something is asked on them. As
    /// browsers do, and HTTP allows for what changes nothing (RFC 9112, 9.3.1), that is asked once more on another.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = self.ask(Method::GET, path, headers, None).await;
        if answer.status == 0 && answer.text.contains("IncompleteMessage") {
            return self.ask(Method::GET, path, headers, None).await;
        }
        answer
    }

    /// Whether the session is still known to be of this user.
    pub(crate) async fn knows(&self, cookie: &str, email: &str) -> Result<(), String> {
        let answer = self.get("/api/users/currentuser", &[("cookie", cookie)]).await;
        if answer.status == 200 && answer.text.contains(email) {
            return Ok(());
        }
        Err(format!("{} {}", answer.status, answer.text))
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{ORIGIN}:{}{path}", self.port));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
                let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
                let text = response.text().await.unwrap_or_else(|fault| fault.to_string());
                Answer { status, text, cookie }
            }
            Err(fault) => Answer { status: 0, text: format!("{fault:?}"), cookie: None },
        }
    }
}
