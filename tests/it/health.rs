//! Alive, ready and well, asked on the internal listener.

use crate::support::{browser::Browser, service::Service};

#[tokio::test]
async fn a_service_with_its_store_is_alive_ready_and_healthy() {
    let service = Service::start().await;
    let mut kubelet = Browser::to(service.internal);
    assert_eq!(kubelet.get("/livez").await.status, 200);
    assert_eq!(kubelet.get("/readyz").await.status, 200);
    let health = kubelet.get("/health").await.json();
    assert_eq!(health["status"], "healthy");
    assert!(health["uptimeSeconds"].is_u64(), "{health}");
    assert_eq!(health["dependencies"]["store"]["state"], "up");
    assert!(health["dependencies"]["store"]["poolSize"].as_u64().unwrap() > 0, "{health}");
    assert!(health["dependencies"]["hashing"]["slots"].as_u64().unwrap() > 0, "{health}");
}

#[tokio::test]
async fn the_contract_is_served_for_programs_and_for_people() {
    let service = Service::start().await;
    let mut reader = Browser::to(service.internal);
    let document = reader.get("/openapi.json").await.json();
    assert_eq!(document["info"]["title"], "Portcullis");
    let page = reader.get("/docs").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text.contains("/api/users/signup") && page.text.contains("SignUpBody"));
    assert!(
        !page.text.contains("<script") && !page.text.contains("://cdn"),
        "asvs_3_6_1: nothing from elsewhere"
    );
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get_without_its_body() {
    let service = Service::start().await;
    let request = b"HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut socket = tokio::net::TcpStream::connect(service.internal).await.unwrap();
    let mut answer = Vec::new();
    tokio::io::AsyncWriteExt::write_all(&mut socket, request).await.unwrap();
    tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut answer).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("\r\n\r\n"), "{text}");
}
