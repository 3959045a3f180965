//! The examples of `docs/verify.md`, run as they stand there against the real service.

mod example;

use std::{
    fs, io,
    io::Write,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::support::{
    browser::Browser, folder::Folder, forge::Forge, process::ended, service::Service, stores::sqlite,
};

use example::Verifier;

const ISSUER: &str = "http://localhost:3000";
const AUDIENCE: &str = "https://api.ticketing.dev";

struct Issued {
    service: Service,
    forge: Forge,
    id: String,
    token: String,
}

async fn issued() -> Issued {
    let service = Service::with(sqlite(), &[("PORTCULLIS_TOKEN_AUDIENCE", AUDIENCE)]).await;
    let mut ada = Browser::at(&service);
    let id = ada.sign_up("ada@example.org").await.json()["id"].as_str().unwrap().to_owned();
    let mut inside = Browser::to(service.internal);
    inside.cookie.clone_from(&ada.cookie);
    let answer = inside.get("/v1/whoami").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["accessToken"].as_str().unwrap().to_owned();
    let forge = Forge::at(&service, &token).await;
    Issued { service, forge, id, token }
}

impl Issued {
    fn keys(&self) -> String {
        format!("http://{}/.well-known/jwks.json", self.service.public)
    }

    /// What nobody may take for a token of ours.
    fn forged(&self) -> Vec<String> {
        let parts: Vec<_> = self.token.split('.').collect();
        let [head, payload, signature] = parts[..] else { panic!("{}", self.token) };
        // {"alg":"none","typ":"at+jwt"} and {"alg":"ES256","typ":"JWT","kid":"x"}
        let (none, foreign) =
            ("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IngifQ");
        let other =
            if payload.contains('0') { payload.replacen('0', "1", 1) } else { payload.replacen('a', "b", 1) };
        vec![
            self.forge.with_claim("exp", Some(json!(1_700_000_000))),
            self.forge.with_claim("exp", None),
            self.forge.with_claim("iss", Some(json!("https://evil.example"))),
            self.forge.with_claim("aud", Some(json!("portcullis"))),
            self.forge.with_head("typ", Some(json!("JWT"))),
            self.forge.stranger().with_claim("sub", Some(json!("root"))),
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{foreign}.{payload}.{signature}"),
            format!("{head}.{other}.{signature}"),
            format!("{head}.{payload}."),
            format!("{head}.{payload}"),
            format!("{}.x", self.token),
            "x".to_owned(),
        ]
    }
}

fn page() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.md")).unwrap()
}

/// The block of this language, of which there is one.
fn block(language: &str) -> String {
    let page = page();
    let (_, after) = page.split_once(&format!("\n```{language}\n")).unwrap();
    after.split_once("\n```\n").unwrap().0.to_owned() + "\n"
}

#[tokio::test]
async fn the_rust_example_verifies_and_refuses() {
    assert_eq!(block("rust"), include_str!("verify_page/example.rs"), "what is run is what the page shows");
    let issued = issued().await;
    let verifier = Verifier::new(&issued.keys(), ISSUER, AUDIENCE).unwrap();
    let caller = verifier.verify(&issued.token).await.unwrap();
    assert_eq!((caller.sub, caller.roles), (issued.id.clone(), Vec::new()));
    for forged in issued.forged() {
        assert!(verifier.verify(&forged).await.is_err(), "{forged}");
    }
    for (issuer, audience) in [("https://evil.example", AUDIENCE), (ISSUER, "portcullis")] {
        let other = Verifier::new(&issued.keys(), issuer, audience).unwrap();
        assert!(other.verify(&issued.token).await.is_err());
    }
}

#[tokio::test]
async fn the_node_example_verifies_and_refuses() {
    const ASK: &str = r"
import { Verifier } from './verify.mjs';
const [jwksUrl, issuer, audience, ...tokens] = process.argv.slice(2);
const verifier = new Verifier({ jwksUrl, issuer, audience });
for (const token of tokens) {
  try { console.log((await verifier.verify(token)).sub); } catch (error) { console.log(`refused`); }
}";
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        // Not by a macro, whose output the test harness would keep to itself.
        io::stderr().write_all(b"\nskipped: no node\n").unwrap();
        return;
    }
    let (issued, folder) = (issued().await, Folder::new());
    fs::write(folder.file("verify.mjs"), block("js")).unwrap();
    fs::write(folder.file("ask.mjs"), ASK).unwrap();
    let ask = |issuer: &str, audience: &str, tokens: &[String]| {
        let mut node = Command::new("node");
        node.current_dir(folder.path()).args(["ask.mjs", &issued.keys(), issuer, audience]).args(tokens);
        let output = ended(node.stdin(Stdio::null()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let token = [issued.token.clone()];
    assert_eq!(ask(ISSUER, AUDIENCE, &[issued.token.clone(), issued.token.clone()]), [issued.id.as_str(); 2]);
    assert!(ask(ISSUER, AUDIENCE, &issued.forged()).iter().all(|line| line == "refused"));
    assert_eq!(ask("https://evil.example", AUDIENCE, &token), ["refused"]);
    assert_eq!(ask(ISSUER, "portcullis", &token), ["refused"]);
}
