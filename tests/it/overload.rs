//! More sign-ins than can be hashed: the queue is bounded, whether those in it wait or have hung up.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::sleep,
};

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    process::Process,
    service::Service,
    stores::sqlite,
    wire::{post, receive},
};

#[tokio::test]
async fn c_04_d_2_a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let service = Service::with(sqlite(), &[("PORTCULLIS_PASSWORD_COST", "standard")]).await;
    let body = json!({"email": "nobody@example.org", "password": PASSWORD});
    let answers = join_all((0..80).map(|_| {
        let (mut somebody, body) = (Browser::at(&service), body.clone());
        async move {
            let begun = Instant::now();
            let answer = somebody.try_ask(Method::POST, "/api/users/signin", Some(body)).await.unwrap();
            (answer, begun.elapsed())
        }
    }))
    .await;

    let busy: Vec<_> = answers.iter().filter(|(answer, _)| answer.status == 503).collect();
    assert!(busy.len() >= 20, "{} of 80 were refused", busy.len());
    assert!(answers.len() - busy.len() >= 2, "and the others were served");
    let mut turns: Vec<u64> = Vec::new();
    for (answer, took) in &busy {
        assert_eq!(answer.codes(), ["busy"]);
        assert!(*took < Duration::from_millis(5_500), "{took:?}");
        turns.push(answer.header("retry-after").unwrap().parse().unwrap());
    }
    assert!(turns.iter().all(|turn| (1..=40).contains(turn)), "{turns:?}");
    assert!(turns.iter().max() > turns.iter().min(), "not all in the same second: {turns:?}");
    for (answer, _) in answers.iter().filter(|(answer, _)| answer.status != 503) {
        assert_eq!(answer.codes(), ["invalid_credentials"]);
    }
}

#[tokio::test]
async fn d_2_the_log_says_how_many_were_turned_away_and_since_when() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_PASSWORD_COST", "standard")]);
    let sockets = process.ready();
    let body = json!({"email": "nobody@example.org", "password": PASSWORD}).to_string();
    let mut crowd = Vec::new();
    for _ in 0..80 {
        let mut socket = TcpStream::connect(sockets.public).await.unwrap();
        socket.write_all(&post("/api/users/signin", body.as_bytes())).await.unwrap();
        crowd.push(socket);
    }

    let line = process.hears(|line| line.contains("turned_away"));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "WARN", "{line}");
    assert!(line["turned_away"].as_u64().unwrap() > 0 && line["since"].is_string(), "{line}");
}

#[tokio::test]
async fn f_34_one_address_cannot_shut_out_another() {
    let service = Service::with(sqlite(), &[("PORTCULLIS_PASSWORD_COST", "standard")]).await;
    let (mut ada, mut inside) = (Browser::at(&service), Browser::to(service.internal));
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let body = json!({"email": "nobody@example.org", "password": PASSWORD}).to_string();
    let mut greedy = Vec::new();
    for _ in 0..100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.3.1:0".parse().unwrap()).unwrap();
        let mut socket = socket.connect(service.public).await.unwrap();
        socket.write_all(&post("/api/users/signin", body.as_bytes())).await.unwrap();
        greedy.push(socket);
    }
    queued(&mut inside, |queued| queued >= 5).await;
    let refused = async { receive(&mut greedy[99]).await.unwrap().status };
    assert_eq!(refused.await, 503, "the queue is full");

    let credentials = json!({"email": "ada@example.org", "password": PASSWORD});
    let answer = ada.try_ask(Method::POST, "/api/users/signin", Some(credentials)).await.unwrap();

    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn whoever_hangs_up_is_served_no_sooner_and_no_more_than_whoever_waits() {
    let service = Service::with(sqlite(), &[("PORTCULLIS_PASSWORD_COST", "standard")]).await;
    let (mut ada, mut inside) = (Browser::at(&service), Browser::to(service.internal));
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    let body = json!({"email": "nobody@example.org", "password": PASSWORD}).to_string();
    for _ in 0..300 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.3.1:0".parse().unwrap()).unwrap();
        let mut socket = socket.connect(service.public).await.unwrap();
        socket.write_all(&post("/api/users/signin", body.as_bytes())).await.unwrap();
    }
    let hashing = inside.get("/health").await.json()["dependencies"]["hashing"].clone();
    let [slots, busy, queued] = ["slots", "busy", "queued"].map(|name| hashing[name].as_u64().unwrap());
    assert!(busy + queued > 0, "some of them have begun, and are seen through: {hashing}");
    assert!(queued <= 20 * slots, "what is done in three seconds, and no more: {hashing}");

    let credentials = json!({"email": "ada@example.org", "password": PASSWORD});
    let answer = ada.try_ask(Method::POST, "/api/users/signin", Some(credentials)).await.unwrap();

    assert_eq!(answer.status, 200, "{answer:?}");
    self::queued(&mut inside, |queued| queued == 0).await;
}

async fn queued(inside: &mut Browser, wanted: impl Fn(u64) -> bool) {
    let begun = Instant::now();
    loop {
        let health = inside.get("/health").await.json();
        if wanted(health["dependencies"]["hashing"]["queued"].as_u64().unwrap()) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{health}");
        sleep(Duration::from_millis(5)).await;
    }
}
