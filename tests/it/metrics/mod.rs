//! The figures on the internal listener: that Prometheus can read them, that each moves when the thing happens, and what is said of them.

mod alerts;
mod documented;
#[expect(clippy::float_cmp, reason = "what is counted is a whole number, also as Prometheus tells it")]
mod moving;

use crate::support::{
    browser::Browser,
    figures::{Figures, promtool},
    service::Service,
    wire,
};

/// A service that has seen a bit of everything.
async fn used() -> Service {
    let service = Service::start().await;
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    ada.current_user().await;
    ada.get("/api/users/\"quoted\\").await;
    service
}

#[tokio::test]
async fn prometheus_reads_them_and_finds_nothing_to_say() {
    let service = used().await;
    let figures = Figures::of(service.internal).await;
    if let Some(said) = promtool(&["check", "metrics"], &figures.text) {
        assert_eq!(said, Ok(()), "{}", figures.text);
    }
}

#[tokio::test]
async fn they_are_for_the_cluster_alone() {
    let service = Service::start().await;
    assert_eq!(Browser::at(&service).get("/metrics").await.status, 404);
    assert_eq!(Browser::to(service.internal).get("/metrics").await.status, 200);
}

/// Whoever could make up labels could fill the memory of whoever keeps the figures.
#[tokio::test]
async fn nobody_makes_up_labels() {
    let service = used().await;
    let before = Figures::of(service.internal).await.all().count();
    let mut eve = Browser::at(&service);
    for number in 0..50 {
        eve.get(&format!("/api/users/{number}")).await;
        eve.delete(&format!("/api/users/sessions/{number}")).await;
    }
    let after = Figures::of(service.internal).await;
    let added = after.all().filter(|name| name.contains("/api/users/sessions/{id}")).count();
    assert!(added > 0);
    assert!(after.all().count() <= before + 2 * added + 40, "{}", after.text);
    assert!(after.all().all(|name| !name.contains("/api/users/7")), "{}", after.text);
}

#[tokio::test]
async fn nothing_of_anybody_stands_in_them() {
    let service = used().await;
    let session = b"GET /api/users/currentuser?token=canary HTTP/1.1\r\nHost: x\r\nCookie: session=pcs_canary\r\nUser-Agent: canary\r\n\r\n";
    wire::send(service.public, session).await;
    let text = Figures::of(service.internal).await.text;
    for secret in ["canary", "ada@", "example.org", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
