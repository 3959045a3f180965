//! Forward-auth, asked as a proxy asks: three answers and no other, without a body, whatever comes along.

mod noise;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::{
    domain::user::{Role, User, UserAttrs},
    store::Store,
};
use tokio::time::sleep;

use crate::support::{
    browser::Browser,
    people::email,
    service::Service,
    stores::on_both_stores,
    wire::{self, Raw},
};

const RULES: &str = r#"[
    {"name": "fresh", "maxAge": "15m"},
    {"name": "staff", "roles": ["agent", "admin"]},
    {"name": "password", "amr": ["pwd"]},
    {"name": "desk", "methods": ["GET"], "paths": ["/tickets/**"]}
]"#;

const IDENTITY: [&str; 4] =
    ["x-auth-request-user", "x-auth-request-email", "x-auth-request-roles", "x-auth-request-session"];

async fn gate(store: Arc<dyn Store>) -> (Service, Browser) {
    let service = Service::with(store, &[("PORTCULLIS_FORWARD_AUTH_RULES", RULES)]).await;
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    (service, ada)
}

/// Asks, and looks at whether the answer is one that a proxy understands.
async fn ask(to: SocketAddr, path: &str, headers: &[&str]) -> Raw {
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    let bytes = format!("GET /v1/forward-auth/{path} HTTP/1.1\r\nHost: p\r\n{headers}\r\n");
    let answer = wire::send(to, bytes.as_bytes()).await;
    understood(&answer);
    answer
}

fn understood(answer: &Raw) {
    assert!([200, 401, 403].contains(&answer.status), "{answer:?}");
    assert_eq!((answer.header("content-length"), answer.body.as_str()), (Some("0"), ""), "{answer:?}");
    assert_eq!(answer.header("content-type"), None, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    let identified = IDENTITY.iter().filter(|name| answer.header(name).is_some()).count();
    assert_eq!(identified, if answer.status == 200 { 4 } else { 0 }, "{answer:?}");
    assert_eq!(answer.header("authorization").is_some(), answer.status == 200, "{answer:?}");
    assert_eq!(answer.header("x-auth-request-reason").is_some(), answer.status != 200, "{answer:?}");
    assert_eq!(answer.header("www-authenticate").is_some(), answer.status == 401, "{answer:?}");
}

fn reason(answer: &Raw) -> (u16, &str) {
    (answer.status, answer.header("x-auth-request-reason").unwrap_or(""))
}

fn cookie(browser: &Browser) -> String {
    format!("Cookie: {}", browser.cookie.as_ref().unwrap())
}

async fn who_is_let_through_is_introduced(store: Arc<dyn Store>) {
    let (service, ada) = gate(store).await;
    let answer = ask(service.internal, "nic/signed-in", &[&cookie(&ada)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("x-auth-request-email"),
        Some(""),
        "anybody may type it: nobody has verified it"
    );
    assert_eq!(answer.header("x-auth-request-roles"), Some(""), "present, so that it overwrites");
    let authorization = answer.header("authorization").unwrap();
    assert!(authorization.starts_with("bearer ey"), "{authorization}");
    assert_eq!(reason(&ask(service.internal, "nic/signed-in", &[]).await), (401, "signed_out"));
    assert_eq!(
        wire::send(service.public, b"GET /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: p\r\n\r\n")
            .await
            .status,
        404
    );
}

async fn r_35_each_rule_asks_for_what_it_says_whatever_was_asked_before(store: Arc<dyn Store>) {
    let (service, ada) = gate(store).await;
    let cookie = cookie(&ada);
    let asked = async |path: &str| {
        let answer = ask(service.internal, path, &[&cookie]).await;
        (answer.status, answer.header("x-auth-request-reason").unwrap_or("").to_owned())
    };
    let refused = |status, why: &str| (status, why.to_owned());
    for rule in ["staff", "role-admin"] {
        assert_eq!(asked(&format!("nic/{rule}")).await, refused(403, "role"));
    }
    promote(&*service.store, "admin").await;
    for _ in 0..500 {
        if asked("nic/staff").await.0 == 200 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    let introduced = ask(service.internal, "nic/staff", &[&cookie]).await;
    assert_eq!(introduced.header("x-auth-request-email"), Some("ada@example.org"));
    assert_eq!(introduced.header("x-auth-request-roles"), Some("admin"));
    for rule in ["staff", "role-admin", "password", "fresh"] {
        assert_eq!(asked(&format!("nic/{rule}")).await, refused(200, ""), "{rule}");
    }
    assert_eq!(asked("nic/role-agent").await, refused(403, "role"));
    assert_eq!(asked("nic/mfa").await, refused(403, "factor"));
    assert_eq!(asked("nic/desk").await, refused(403, "untold"));
    assert_eq!(asked("envoy/desk/tickets/1").await, refused(200, ""));
    assert_eq!(asked("envoy/desk/admin").await, refused(403, "path"));
    assert_eq!(asked("envoy/desk").await, refused(403, "ambiguous"));
    let nobody = ask(service.internal, "ngf/nobody", &[]).await;
    assert_eq!(
        reason(&nobody),
        (403, "unknown_rule"),
        "a proxy that is set up wrongly is told so, whoever comes by"
    );
    for path in ["nic/nobody", "nic/", "nic/SIGNED-IN", "nic/signed-in%2f", "nic/signed%2din", "nic/role-"] {
        assert_eq!(asked(path).await, refused(403, "unknown_rule"), "{path}");
    }
    assert_eq!(asked("apache/signed-in").await, refused(403, "unknown_adapter"));
    service.clock.advance(SignedDuration::from_mins(16));
    assert_eq!(asked("nic/fresh").await, refused(401, "sign_in_too_old"));
    assert_eq!(asked("nic/signed-in").await, refused(200, ""));
}

async fn r_39_each_dialect_is_understood_and_no_other_beside_it(store: Arc<dyn Store>) {
    let (service, ada) = gate(store).await;
    let dialects = [
        ("ngf", ["Method: GET", "Path: /tickets/1", "Path: /admin"]),
        (
            "ingress-nginx",
            [
                "X-Original-Method: GET",
                "X-Original-URL: http://h/tickets/1",
                "X-Original-URL: http://h/admin",
            ],
        ),
        ("traefik", ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /tickets/1", "X-Forwarded-Uri: /admin"]),
    ];
    for (adapter, [method, allowed, forbidden]) in dialects {
        let asked = async |headers: [&str; 4]| {
            let answer = ask(service.internal, &format!("{adapter}/desk"), &headers).await;
            (answer.status, answer.header("x-auth-request-reason").unwrap_or("").to_owned())
        };
        let (cookie, host) = (cookie(&ada), "X-Forwarded-Host: h");
        assert_eq!(asked([&cookie, host, method, allowed]).await.0, 200, "{adapter}");
        assert_eq!(asked([&cookie, host, method, forbidden]).await, (403, "path".to_owned()), "{adapter}");
        for (other, [method, allowed, _]) in dialects.iter().filter(|(other, _)| *other != adapter) {
            let refused = (403, "ambiguous".to_owned());
            assert_eq!(asked([&cookie, host, method, allowed]).await, refused, "{adapter} told by {other}");
        }
    }
}

on_both_stores!(
    who_is_let_through_is_introduced,
    r_39_each_dialect_is_understood_and_no_other_beside_it,
    r_35_each_rule_asks_for_what_it_says_whatever_was_asked_before
);

/// Somebody looked at her, and at where her mail arrives.
async fn promote(store: &dyn Store, role: &str) {
    let user = store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    let roles = vec![Role::try_from(role).unwrap()];
    let email_verified_at = Some(user.attrs().created_at);
    let promoted = UserAttrs { roles, email_verified_at, ..user.attrs().clone() };
    store.replace_user(&User::build(promoted)).await.unwrap();
}
