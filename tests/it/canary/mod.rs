//! No secret comes out: one run through all that the service can do, and then a look at all that it said.

mod commands;
mod journey;
mod secrets;

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use self::{
    journey::Journey,
    secrets::{Heard, Secrets},
};
use crate::support::{
    collector::Collector,
    folder::Folder,
    mail_server::MailServer,
    mongod,
    nats_server::{Kept, NatsServer},
    patience::until,
    process::Process,
    receiver::{Answer, Receiver},
};

const KEY_SECRET: &[u8; 32] = b"canary-Zq7/key?secret+of 32 byte";
const MAIL_PASSWORD: &str = "canary-Zq7/mail?pass word";
const STORE_PASSWORD: &str = "canary-Zq7/store?pass word";
const OTLP_HEADER: &str = "canary-Zq7/collector?pass word";
const S3_KEY: &str = "canary-Zq7/bucket?pass word";
const NATS_PASSWORD: &str = "canary-Zq7/nats?pass word";
const RECEIVER_PATH: &str = "canary-Zq7-receiver-path";
/// As base64 it is itself what a receiver knows us by.
const WEBHOOK_KEY: &[u8] = b"canary-Zq7/webhook?key+of32bytes";

#[tokio::test]
async fn promise_5_asvs_16_2_5_no_secret_comes_out_on_sqlite() {
    nothing_comes_out(None, "json").await;
    nothing_comes_out(None, "text").await;
}

#[tokio::test]
async fn promise_5_asvs_16_2_5_no_secret_comes_out_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    for format in ["json", "text"] {
        nothing_comes_out(Some(&store_with_a_password(set).await), format).await;
    }
}

/// Of somebody who signs in to it.
async fn store_with_a_password(set: &mongod::ReplicaSet) -> String {
    let (name, database) = ("canary", mongod::database_name());
    let user = mongodb::bson::doc! { "createUser": name, "pwd": STORE_PASSWORD, "roles": ["root"] };
    // Of an earlier run on the same server.
    let _ = set.client().await.database("admin").run_command(user).await;
    let login = format!("mongodb://{name}:{}@", encoded(STORE_PASSWORD));
    format!("{}&authSource=admin", set.url(&database).replacen("mongodb://", &login, 1))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn nothing_comes_out(store: Option<&str>, format: &str) {
    let login = ["--login", &format!("canary:{MAIL_PASSWORD}")];
    let nats_login = format!("authorization {{ user: canary, password: {NATS_PASSWORD:?} }}\n");
    let (Some(mail), Some(collector), Some(mut nats)) =
        (MailServer::with(0, &login), Collector::start(), NatsServer::start())
    else {
        return;
    };
    nats.stream("portcullis.events", &json!({}));
    nats.start_again(&nats_login);
    let receiver = Receiver::start(|_| Answer::Status(204)).await;
    let (folder, mut secrets, mut heard) = (Folder::new(), Secrets::default(), Heard::default());
    let key_secret = BASE64_STANDARD.encode(KEY_SECRET);
    let (identity, recipient) = commands::backup_keys(&folder);
    let mail_url = format!("smtp://canary:{}@127.0.0.1:{}?tls=none", encoded(MAIL_PASSWORD), mail.port);
    let headers = format!("x-canary={}", encoded(OTLP_HEADER));
    let nats_url = format!("nats://canary:{}@127.0.0.1:{}", encoded(NATS_PASSWORD), nats.port());
    let webhook_key = BASE64_STANDARD.encode(WEBHOOK_KEY);
    let url = format!("http://127.0.0.1:{}/{RECEIVER_PATH}", receiver.port);
    let receivers = json!([{ "name": "canary", "url": url, "secrets": [format!("whsec_{webhook_key}")] }]);
    let receivers = receivers.to_string();
    for (what, secret) in [
        ("the key secret", &*key_secret),
        ("the mail server's password", MAIL_PASSWORD),
        ("the store's password", STORE_PASSWORD),
        ("the collector's header", OTLP_HEADER),
        ("the bucket's key", S3_KEY),
        ("the password for NATS", NATS_PASSWORD),
        ("the path of a receiver", RECEIVER_PATH),
        ("the key of a webhook", &webhook_key),
        ("the backup's identity", &identity),
    ] {
        secrets.note(what, secret);
    }
    let backups = folder.file("backups").to_str().unwrap().to_owned();
    let collector_url = collector.url();
    let settings: Vec<_> = [
        ("PORTCULLIS_LOG_LEVEL", "trace"),
        ("PORTCULLIS_LOG_FORMAT", format),
        ("PORTCULLIS_KEY_SECRET", &*key_secret),
        ("PORTCULLIS_MAIL_URL", &mail_url),
        ("PORTCULLIS_OTLP_URL", &collector_url),
        ("PORTCULLIS_OTLP_HEADERS", &headers),
        ("PORTCULLIS_NATS_URL", &nats_url),
        ("PORTCULLIS_WEBHOOKS_RECEIVERS", &receivers),
        ("PORTCULLIS_WEBHOOKS_NETWORKS", "127.0.0.0/8"),
        ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("PORTCULLIS_SESSION_GRACE", "0s"),
        ("PORTCULLIS_THROTTLE_PRESET", "standard"),
        ("PORTCULLIS_BACKUP_TO", &backups),
        ("PORTCULLIS_BACKUP_RECIPIENTS", &recipient),
        ("PORTCULLIS_BACKUP_IDENTITY", &identity),
        ("PORTCULLIS_BACKUP_S3_SECRET_KEY", S3_KEY),
    ]
    .into_iter()
    .chain(store.map(|url| ("PORTCULLIS_STORE_URL", url)))
    .collect();

    let mut process = Process::start(&folder, &settings);
    let sockets = process.ready();
    Journey::begin(sockets, &mail, &mut secrets, &mut heard).go().await;
    commands::run_all(&folder, &settings, &mut secrets, &mut heard);
    Journey::begin(sockets, &mail, &mut secrets, &mut heard).of_a_newcomer().await;
    until("events go out", async || receiver.heard().len() > 10).await;
    process.signal("INT");
    assert!(process.end().success());

    for line in &process.said {
        heard.note_for_good("the log", line);
    }
    for said in collector.heard() {
        heard.note_for_good("what the collector gets", &said["body"].to_string());
    }
    nats.start_again("");
    // Whoever gets events is told from where people came, and nothing that is secret. A signature proves a secret without telling it.
    for posted in receiver.heard() {
        heard.note("a webhook", &posted.body);
    }
    for Kept { subject, headers, body } in nats.kept() {
        heard.note("NATS", &format!("{subject} {headers} {body}"));
    }
    let log = heard.all_from("the log");
    assert!(log > 50 && process.said.iter().any(|line| line.contains("request answered")), "the log is on");
    assert!(heard.all_from("NATS") > 10 && heard.all_from("/api/users/events") == 2);
    assert!(heard.all_from("what the collector gets") > 2 && heard.all_from("a problem") > 20);
    assert!(secrets.len() > 30, "{}", secrets.len());
    let leaks = heard.leaks(&secrets);
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
