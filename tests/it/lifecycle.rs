//! Starting and stopping, asked of the real binary.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use portcullis::{
    domain::event::EventKind,
    store::{
        Store as _,
        sqlite::{Location, SqliteStore},
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

use crate::support::{
    browser::{Browser, PASSWORD},
    events::events_of,
    folder::Folder,
    patience::until,
    people::email,
    process::Process,
    wire,
};

#[tokio::test]
async fn on_a_terminal_the_ready_line_says_where_and_what_to_try() {
    let folder = Folder::new();
    let origin = ("PORTCULLIS_PUBLIC_ORIGIN", "http://localhost:3210");
    let mut process = Process::start(&folder, &[("PORTCULLIS_LOG_FORMAT", "text"), origin]);
    process.hears(|line| line.contains("WARN PORTCULLIS_PUBLIC_ORIGIN is http://localhost:3210, "));
    process.hears(|line| line.contains("ready"));
    process.hears(|line| line.starts_with("  public    http://localhost:3210 (listening on 127.0.0.1:"));
    process.hears(|line| line.starts_with("  internal  http://127.0.0.1:"));
    process.hears(|line| line.starts_with("  curl -i http://localhost:3210/api/users/signup "));
}

#[tokio::test]
async fn text_that_goes_elsewhere_than_to_a_terminal_has_no_colours() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_LOG_FORMAT", "text")]);
    let ready = process.hears(|line| line.contains("ready"));
    assert!(!ready.contains('\u{1b}'), "{ready:?}");
}

#[tokio::test]
async fn a_socket_that_is_taken_is_named_and_the_process_fails() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut process = Process::start(&folder, &[("PORTCULLIS_INTERNAL_LISTEN", &address)]);
    assert_eq!(process.end().code(), Some(1));
    let named = |line: &String| line.contains("PORTCULLIS_INTERNAL_LISTEN") && line.contains(&address);
    assert!(process.said.iter().any(named), "{:?}", process.said);
}

#[test]
fn why_it_cannot_start_is_told_to_people_and_to_programs() {
    let folder = Folder::new();
    std::fs::write(folder.file("data"), "").unwrap();
    let data = folder.file("data");
    let file = data.to_str().unwrap();
    for (variable, value, why) in [
        ("PORTCULLIS_DATA_DIR", file, "data is a file and should be a directory"),
        ("PORTCULLIS_INTERNAL_LISTEN", "192.0.2.1:1", "cannot listen there"),
        ("PORTCULLIS_SESSION_PRESET", "aal4", "expected relaxed, aal2 or aal3"),
        ("PORTCULLIS_STORE_URL", "mongodb://h/?w=-3", "cannot be understood"),
    ] {
        for (format, level) in [("text", "info"), ("json", "info"), ("json", "off")] {
            let how = [("PORTCULLIS_LOG_FORMAT", format), ("PORTCULLIS_LOG_LEVEL", level)];
            let mut process = Process::start(&folder, &[how[0], how[1], (variable, value)]);
            process.hears(|line| line.contains(why));
            let first =
                process.said.iter().position(|line| line.contains("portcullis cannot start: ")).unwrap();
            let said = process.said[first..].join("\n");
            assert!(said.contains(variable), "{said}");
            // Where the log is switched off, it is said to people all the same.
            assert!(level == "off" || said.starts_with('{') == (format == "json"), "{said}");
            for line in said.lines().filter(|_| said.starts_with('{')) {
                assert_eq!(serde_json::from_str::<Value>(line).unwrap()["level"], "ERROR", "{said}");
            }
            assert_eq!(process.end().code(), Some(1));
        }
    }
}

#[tokio::test]
async fn a_start_with_kubernetes_own_variables_is_like_any_other() {
    let folder = Folder::new();
    let injected = [injected("PORTCULLIS", 8080), injected("PORTCULLIS_INTERNAL", 9000)].concat();
    let settings = injected.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings: Vec<_> = settings.chain([("PORTCULLIS_PUBLIC_LISTN", "0.0.0.0:3000")]).collect();
    let mut process = Process::start(&folder, &settings);
    process.ready();
    let warnings = process.said.iter().filter(|line| line.contains("WARN"));
    let warnings: String = warnings.map(String::as_str).collect();
    assert!(warnings.contains("ignored: PORTCULLIS_PUBLIC_LISTN (did you mean"), "{warnings}");
    for (name, _) in &injected {
        assert!(!warnings.contains(name), "{name}: {warnings}");
    }
}

/// All that Kubernetes writes into a container for one Service with one port called `http`.
fn injected(service: &str, port: u16) -> Vec<(String, String)> {
    let variable = |name: &str, value: String| (format!("{service}_{name}"), value);
    let url = format!("tcp://10.96.0.7:{port}");
    let of_port = |part: &str| format!("PORT_{port}_TCP{part}");
    vec![
        variable("SERVICE_HOST", "10.96.0.7".to_owned()),
        variable("SERVICE_PORT", port.to_string()),
        variable("SERVICE_PORT_HTTP", port.to_string()),
        variable("PORT", url.clone()),
        variable(&of_port(""), url),
        variable(&of_port("_PROTO"), "tcp".to_owned()),
        variable(&of_port("_PORT"), port.to_string()),
        variable(&of_port("_ADDR"), "10.96.0.7".to_owned()),
    ]
}

#[tokio::test]
async fn f_10_sigterm_finishes_what_was_accepted_and_drops_nothing() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_PASSWORD_COST", "low-memory")]);
    let sockets = process.ready();
    let sign_ups = join_all((0..4).map(|n| {
        let body = json!({"email": format!("drain-{n}@example.org"), "password": PASSWORD});
        let mut somebody = Browser::to(sockets.public);
        async move { somebody.try_ask(Method::POST, "/api/users/signup", Some(body)).await }
    }));
    let told = async {
        sleep(Duration::from_millis(100)).await;
        process.signal("TERM");
        process.hears(|line| line.contains("stopping"));
        let ready = Browser::to(sockets.internal).get("/readyz").await.status;
        // Whoever has not heard of the end yet is served all the same.
        let late = Browser::to(sockets.public).get("/api/users/currentuser").await.status;
        (ready, late)
    };

    let (answers, (ready, late)) = tokio::join!(sign_ups, told);

    assert_eq!((ready, late), (503, 200), "readiness fails first");
    for answer in answers {
        let answer = answer.expect("an answer to what was accepted");
        assert!(answer.status == 201 || answer.codes() == ["busy"], "{answer:?}");
    }
    let begun = Instant::now();
    assert_eq!(process.end().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn somebody_at_the_keyboard_is_not_kept_waiting_by_idle_connections() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let sockets = process.ready();
    let mut idle = Browser::to(sockets.public);
    assert_eq!(idle.current_user().await, None);
    let begun = Instant::now();
    process.signal("INT");
    assert_eq!(process.end().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn f_10_a_client_that_keeps_its_connection_loses_no_request_to_the_end() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let sockets = process.ready();
    let request = b"GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut socket = TcpStream::connect(sockets.public).await.unwrap();
    let begun = Instant::now();
    let mut asked = 0;
    loop {
        socket.write_all(request).await.unwrap();
        let raw = wire::receive(&mut socket).await.expect("no request is lost");
        assert_eq!(raw.status, 200);
        asked += 1;
        if asked == 50 {
            process.signal("TERM");
        }
        if raw.header("connection") == Some("close") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it is told to go elsewhere");
    }
    assert!(asked >= 50);
    assert!(TcpStream::connect(sockets.public).await.is_ok(), "elsewhere may still be here for a moment");
    assert_eq!(process.end().code(), Some(0));
}

#[tokio::test]
async fn what_was_begun_for_somebody_who_hung_up_is_done_before_the_end() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_PASSWORD_COST", "standard")]);
    let sockets = process.ready();
    for number in 0..4 {
        let body = json!({ "email": format!("user{number}@example.org"), "password": PASSWORD }).to_string();
        let mut socket = TcpStream::connect(sockets.public).await.unwrap();
        socket.write_all(&wire::post("/api/users/signup", body.as_bytes())).await.unwrap();
    }
    let mut inside = Browser::to(sockets.internal);
    until("one of them is begun", async || {
        inside.get("/health").await.json()["dependencies"]["hashing"]["busy"].as_u64().unwrap() > 0
    })
    .await;
    process.signal("INT");
    assert_eq!(process.end().code(), Some(0));

    let store = SqliteStore::open(Location::File(folder.file("portcullis.db"))).unwrap();
    store.examine().await.unwrap();
    let mut there = 0;
    for number in 0..4 {
        let user = store.user_by_email(&email(&format!("user{number}@example.org"))).await.unwrap();
        let Some(user) = user else { continue };
        let written: Vec<_> =
            events_of(&store, user.id()).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(written.len(), 2);
        assert!([EventKind::SignedUp, EventKind::SignedIn].iter().all(|kind| written.contains(kind)));
        there += 1;
    }
    assert!(there > 0, "at least the one that was seen");
}
