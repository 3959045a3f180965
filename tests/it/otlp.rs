//! Spans and lines at a real collector: all of them, in one family, and never at a request's expense.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{
    browser::{Browser, PASSWORD},
    collector::{Collector, attribute, log_records, spans},
    folder::Folder,
    mail_server::MailServer,
    mongod,
    patience::until,
    process::Process,
    service::ORIGIN,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn serve(folder: &Folder, url: &str, settings: &[(&str, &str)]) -> Process {
    let ours = [
        ("PORTCULLIS_OTLP_URL", url),
        ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("PORTCULLIS_LOG_LEVEL", "debug"),
    ];
    Process::start(folder, &[&ours, settings].concat())
}

async fn sign_up_in(trace: &str, public: std::net::SocketAddr) {
    let request = Client::new()
        .post(format!("http://{public}/api/users/signup"))
        .header("origin", ORIGIN)
        .header("traceparent", trace)
        .json(&json!({ "email": "ada@example.org", "password": PASSWORD }));
    assert_eq!(request.send().await.unwrap().status(), 201);
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

#[tokio::test]
async fn a_request_arrives_with_all_that_was_done_for_it_on_sqlite() {
    arrives("sqlite", &[]).await;
}

#[tokio::test]
async fn a_request_arrives_with_all_that_was_done_for_it_on_mongodb() {
    let Some(set) = mongod::shared().await else { return };
    let url = set.url(&mongod::database_name());
    arrives("mongodb", &[("PORTCULLIS_STORE_URL", &url)]).await;
}

async fn arrives(store: &str, settings: &[(&str, &str)]) {
    let Some(collector) = Collector::start() else { return };
    let folder = Folder::new();
    let mut process = serve(&folder, &collector.url(), settings);
    sign_up_in(&format!("00-{TRACE}-{PARENT}-01"), process.ready().public).await;

    let trace = collector.trace(TRACE, &["POST /api/users/signup"]);
    let request = named(&trace, "POST /api/users/signup");
    assert_eq!((&request["kind"], &request["parentSpanId"]), (&json!(2), &json!(PARENT)), "{request}");
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/users/signup"),
        ("http.response.status_code", "201"),
        ("listener", "public"),
    ] {
        assert_eq!(attribute(request, name).as_deref(), Some(value), "{request}");
    }
    let verb = named(&trace, "sign_up");
    assert_eq!(verb["parentSpanId"], request["spanId"]);
    for (name, kind) in [("hash_wait", 1), ("hash", 1), ("store", 3)] {
        let span = named(&trace, name);
        assert_eq!((&span["parentSpanId"], &span["kind"]), (&verb["spanId"], &json!(kind)), "{span}");
        let time = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u128>().unwrap();
        assert!(time(span, "startTimeUnixNano") >= time(verb, "startTimeUnixNano"));
        assert!(time(span, "endTimeUnixNano") >= time(span, "startTimeUnixNano"));
    }
    assert_eq!(attribute(named(&trace, "store"), "db.system.name").as_deref(), Some(store));
    let took = |name: &str| named(&trace, name)["endTimeUnixNano"].as_str().unwrap().to_owned();
    assert!(took("hash_wait") <= took("hash"), "one after the other");
}

#[tokio::test]
async fn the_line_of_a_request_arrives_in_its_trace_and_a_trace_that_is_not_recorded_has_no_spans() {
    let Some(collector) = Collector::start() else { return };
    let folder = Folder::new();
    let mut process =
        serve(&folder, &format!("{}/", collector.url()), &[("PORTCULLIS_OTLP_HEADERS", "x-tenant=a%20b")]);
    let sockets = process.ready();
    sign_up_in(&format!("00-{TRACE}-{PARENT}-00"), sockets.public).await;
    Browser::to(sockets.internal).get("/livez").await;
    Browser::to(sockets.internal).get("/openapi.json").await;
    let mut all = Vec::new();
    until("all of it arrives", async || {
        all.extend(collector.heard());
        all.iter().flat_map(spans).any(|span| span["name"] == "GET /openapi.json")
            && all
                .iter()
                .flat_map(log_records)
                .any(|line| attribute(&line, "status").as_deref() == Some("201"))
    })
    .await;
    let lines: Vec<_> = all.iter().flat_map(log_records).collect();
    let line = lines.iter().find(|line| attribute(line, "status").as_deref() == Some("201")).unwrap();
    assert_eq!((&line["traceId"], &line["severityText"]), (&json!(TRACE), &json!("DEBUG")), "{line}");
    assert_eq!(line["body"]["stringValue"], "request answered");
    assert!(all.iter().flat_map(spans).all(|span| span["traceId"] != TRACE && span["name"] != "GET /livez"));
    assert!(lines.iter().any(|line| line["body"]["stringValue"] == "ready" && line.get("traceId").is_none()));
    let resource =
        &all.iter().find(|said| said["path"] == "/v1/logs").unwrap()["body"]["resourceLogs"][0]["resource"];
    assert_eq!(attribute(resource, "service.name").as_deref(), Some("portcullis"));
    assert_eq!(attribute(resource, "service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert!(all.iter().all(|said| said["headers"]["x-tenant"] == "a b"));
}

#[tokio::test]
async fn a_mail_begins_a_trace_of_its_own() {
    let (Some(collector), Some(mail)) = (Collector::start(), MailServer::start()) else { return };
    let folder = Folder::new();
    let mut process = serve(&folder, &collector.url(), &[("PORTCULLIS_MAIL_URL", &mail.url())]);
    sign_up_in(&format!("00-{TRACE}-{PARENT}-01"), process.ready().public).await;
    let mut sent = Vec::new();
    while !sent.iter().any(|span: &Value| span["name"] == "send_letter") {
        sent.extend(spans(&collector.hears()));
    }
    let letter = named(&sent, "send_letter");
    assert!(letter.get("parentSpanId").is_none() && letter["traceId"] != TRACE, "{letter}");
    let handed = named(&sent, "hand_over_mail");
    assert_eq!((&handed["traceId"], &handed["kind"]), (&letter["traceId"], &json!(3)));
    assert_eq!(handed["parentSpanId"], letter["spanId"]);
}

#[tokio::test]
async fn a_collector_that_is_away_is_said_once_and_requests_go_on() {
    let folder = Folder::new();
    // Nobody listens on this one.
    let mut process = serve(&folder, "http://127.0.0.1:9", &[]);
    let mut ada = Browser::to(process.ready().public);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let line = process.hears(|line| line.contains("did not reach the collector"));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert!(
        line["lost"].as_u64().unwrap() > 0 && line["level"] == "WARN" && line["cause"].is_string(),
        "{line}"
    );
    // Several batches more.
    for _ in 0..4 {
        assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    let said = process.so_far().iter().filter(|line| line.contains("did not reach the collector")).count();
    assert_eq!(said, 1);
}

#[tokio::test]
async fn requests_take_no_longer_while_the_collector_hangs() {
    let Some(collector) = Collector::start() else { return };
    let folder = Folder::new();
    let mut process = serve(&folder, &collector.url(), &[]);
    let mut ada = Browser::to(process.ready().public);
    ada.sign_up("ada@example.org").await;
    let mut two_hundred = async || {
        let begun = Instant::now();
        for _ in 0..200 {
            ada.current_user().await;
        }
        begun.elapsed()
    };
    let while_well = two_hundred().await;
    collector.behave("hang");
    while collector.hears().get("hung").is_none() {
        two_hundred().await;
    }
    let while_hung = two_hundred().await;
    // One export that a request waited for would be three seconds.
    assert!(
        while_hung < 3 * while_well + Duration::from_secs(1),
        "{while_hung:?}, and {while_well:?} before"
    );
    let begun = Instant::now();
    process.signal("TERM");
    assert!(process.end().success());
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "the end waits two seconds for it: {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn what_is_left_at_the_end_is_sent() {
    let Some(collector) = Collector::start() else { return };
    let folder = Folder::new();
    let mut process = serve(&folder, &collector.url(), &[]);
    sign_up_in(&format!("00-{TRACE}-{PARENT}-01"), process.ready().public).await;
    process.signal("INT");
    assert!(process.end().success());
    let all = collector.heard();
    assert!(all.iter().flat_map(spans).any(|span| span["traceId"] == TRACE), "{all:#?}");
    let goodbye = |line: &Value| line["body"]["stringValue"].as_str().unwrap().starts_with("stopping");
    assert!(all.iter().flat_map(log_records).any(|line| goodbye(&line)));
}
