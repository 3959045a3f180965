//! Clients that take their time, or take connections and do nothing with them.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::unharmed;
use crate::support::{
    browser::Browser,
    service::Service,
    wire::{Raw, receive, send},
};

/// Sends the bytes one at a time until the service has had enough, and returns what it said and after how long.
async fn drip(socket: &mut TcpStream, bytes: &[u8], pause: Duration) -> (Option<Raw>, Duration) {
    let begun = Instant::now();
    let (mut reader, mut writer) = socket.split();
    let writing = async {
        for byte in bytes {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_secs(30), reader.read_to_end(&mut answer));
    tokio::select! {
        () = writing => {}
        read = reading => { read.expect("the service hangs up").ok(); }
    }
    (Raw::parse(&answer), begun.elapsed())
}

#[tokio::test]
async fn f_22_a_head_that_drips_in_is_given_up_at_its_deadline() {
    let service = Service::start().await;
    let mut socket = TcpStream::connect(service.public).await.unwrap();
    let head = "GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    let (raw, took) = drip(&mut socket, head.as_bytes(), Duration::from_millis(300)).await;

    assert_eq!(raw.expect("an answer").codes(), ["request_timeout"]);
    assert!((Duration::from_secs(4)..Duration::from_secs(8)).contains(&took), "{took:?}");
    unharmed(&service, &[]).await;
}

#[tokio::test]
async fn f_22_so_is_the_head_of_a_later_request_on_the_same_connection() {
    let service = Service::start().await;
    let mut socket = TcpStream::connect(service.public).await.unwrap();
    socket.write_all(b"GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(receive(&mut socket).await.unwrap().status, 200);

    let head = format!("GET /api/users/currentuser HTTP/1.1\r\nHost: x\r\nX-Slow: {}", "a".repeat(60));
    let (raw, took) = drip(&mut socket, head.as_bytes(), Duration::from_millis(300)).await;

    assert_eq!(raw.expect("an answer").codes(), ["request_timeout"]);
    assert!((Duration::from_secs(4)..Duration::from_secs(8)).contains(&took), "{took:?}");
}

/// A proxy asks as fast as it is answered, for longer than one head may take.
#[tokio::test]
async fn f_22_a_client_that_never_pauses_is_not_slow() {
    let service = Service::start().await;
    let mut socket = TcpStream::connect(service.internal).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        let request = b"GET /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: x\r\n\r\n";
        socket.write_all(request).await.unwrap();
        let answer = receive(&mut socket).await.unwrap();
        assert_eq!(answer.status, 401, "after {:?}: {answer:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn f_22_honest_clients_do_not_notice_a_thousand_that_dawdle() {
    let service = Service::start().await;
    let mut slow = Vec::new();
    for n in 0..1_000_u32 {
        // Four addresses, each within its places.
        let from = std::net::SocketAddr::from(([127, 0, 1, u8::try_from(n % 4).unwrap() + 1], 0));
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(from).unwrap();
        let mut socket = socket.connect(service.public).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nX-").await.unwrap();
        slow.push(socket);
    }
    let mut honest = Browser::at(&service);
    let begun = Instant::now();
    for _ in 0..50 {
        honest.current_user().await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(slow);
    unharmed(&service, &[]).await;
}

#[tokio::test]
async fn f_23_a_body_that_drips_in_is_given_up_at_its_deadline() {
    let service = Service::start().await;
    for framing in ["Content-Length: 200", "Transfer-Encoding: chunked"] {
        let mut socket = TcpStream::connect(service.public).await.unwrap();
        let head = format!(
            "POST /api/users/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let body = format!("c8\r\n{{\"email\":\"mallory@example.org\",{}", " ".repeat(100));

        let (raw, took) = drip(&mut socket, body.as_bytes(), Duration::from_millis(200)).await;

        assert_eq!(raw.expect("an answer").codes(), ["request_timeout"], "{framing}");
        assert!(took < Duration::from_secs(12), "{framing}: {took:?}");
    }
    unharmed(&service, &["mallory@example.org"]).await;
}

#[tokio::test]
async fn f_23_a_client_that_never_reads_is_let_go() {
    let service = Service::start().await;
    let mut socket = TcpStream::connect(service.internal).await.unwrap();
    let request = b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n".repeat(64);
    let begun = Instant::now();
    // Asks and asks, and takes nothing of what comes back, until the service hangs up.
    let asking = async { while socket.write_all(&request).await.is_ok() {} };
    timeout(Duration::from_mins(1), asking).await.expect("the service hangs up");
    assert!(begun.elapsed() > Duration::from_secs(5), "it was given its time: {:?}", begun.elapsed());
    unharmed(&service, &[]).await;
}

#[tokio::test]
async fn f_24_an_address_gets_its_places_and_others_get_theirs() {
    let service = Service::start().await;
    let mut held = Vec::new();
    for _ in 0..512 {
        held.push(TcpStream::connect(service.public).await.unwrap());
    }
    // The last of them is in its place once it is answered.
    let last = held.last_mut().unwrap();
    last.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(receive(last).await.unwrap().status, 404);

    let mut one_more = TcpStream::connect(service.public).await.unwrap();
    let raw = receive(&mut one_more).await.expect("it is told why");
    assert_eq!((raw.status, raw.codes()), (429, vec!["too_many_connections".to_owned()]));
    assert!(raw.header("retry-after").is_some());

    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.2.1:0".parse().unwrap()).unwrap();
    let mut elsewhere = elsewhere.connect(service.public).await.unwrap();
    elsewhere.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(receive(&mut elsewhere).await.unwrap().status, 404);
    drop(held);
    let begun = Instant::now();
    while send(service.public, b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await.status != 404 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the places are free again");
    }
    unharmed(&service, &[]).await;
}
