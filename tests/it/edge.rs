//! A real nginx before the real binary, with the directives of each controller: the upstream is reached exactly when it
//! should be, and sees exactly our identity.

mod nginx;
mod upstream;

use std::net::SocketAddr;

use crate::support::{
    browser::Browser,
    folder::Folder,
    process::{Process, Sockets},
    wire::{self, Raw},
};

use nginx::Nginx;
use upstream::{GREETING, Upstream};

const RULES: &str = r#"[
    {"name": "desk", "paths": ["/tickets/**"], "methods": ["GET"]},
    {"name": "fresh", "maxAge": "1s"}
]"#;

/// What an app may be told of the caller, and a client may not say.
const IDENTITY: [&str; 4] =
    ["x-auth-request-user", "x-auth-request-email", "x-auth-request-roles", "x-auth-request-session"];

/// Every header an app might read an identity from, however a client spells it.
const SPOOFED: &[&str] = &[
    "X-Auth-Request-User: root",
    "x-auth-request-user: root",
    "X-AUTH-REQUEST-USER: root",
    "X_Auth_Request_User: root",
    "x_auth_request_user: root",
    "X-Auth_Request-User: root",
    "X-Auth-Request-Email: root@example.org",
    "x_auth_request_email: root@example.org",
    "X-Auth-Request-Roles: admin",
    "X-Auth_Request_Roles: admin",
    "X-Auth-Request-Session: 1",
    "x_auth_request_session: 1",
    "X-Forwarded-User: root",
    "X-Original-URL: http://localhost/tickets/1",
    "X-Original-Method: GET",
    "X-Forwarded-Uri: /tickets/1",
    "X-Forwarded-Method: GET",
    "X-Forwarded-For: garbage, 127.0.0.1",
    "Path: /tickets/1",
    "Method: GET",
    "User-Agent: kube-probe/1.36",
];

struct Edge {
    nginx: Nginx,
    upstream: Upstream,
    process: Process,
    sockets: Sockets,
    ada: Browser,
    id: String,
    _folder: Folder,
}

impl Edge {
    /// Ada has an account, and everything is guarded by this rule.
    async fn start(rule: &str) -> Option<Self> {
        let (folder, upstream) = (Folder::new(), Upstream::start());
        let mut process = Process::start(&folder, &[("PORTCULLIS_FORWARD_AUTH_RULES", RULES)]);
        let sockets = process.ready();
        let nginx = Nginx::start(sockets.internal, upstream.address, rule)?;
        let mut ada = Browser::to(sockets.public);
        let answer = ada.sign_up("ada@example.org").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        Some(Self { nginx, upstream, process, sockets, ada, id, _folder: folder })
    }

    fn cookie(&self) -> String {
        format!("Cookie: {}", self.ada.cookie.as_ref().unwrap())
    }
}

async fn ask(server: SocketAddr, line: &str, headers: &[&str], body: &[u8]) -> Raw {
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{length}\r\n");
    wire::send(server, &[head.as_bytes(), body].concat()).await
}

fn with<'a>(headers: &[&'a str], more: &'a str) -> Vec<&'a str> {
    headers.iter().copied().chain([more]).collect()
}

#[test]
fn what_the_page_shows_is_what_is_run() {
    let page = include_str!("../../docs/forward-auth.md");
    let (_, after) = page.split_once("\n```nginx\n").unwrap();
    let (shown, _) = after.split_once("\n```\n").unwrap();
    assert!(include_str!("edge/nginx.conf").contains(&shown.replace("ngf/signed-in;", "ngf/{rule};")));
}

#[tokio::test]
async fn r_40_r_42_r_44_nobody_gets_through_without_a_session_whatever_they_say_of_themselves() {
    let Some(edge) = Edge::start("signed-in").await else { return };
    let large = vec![b'x'; 300_000];
    for (adapter, server) in edge.nginx.servers() {
        for headers in [&[][..], SPOOFED, &["Cookie: session=pcs_x"], &["Authorization: Bearer x"]] {
            for (line, body) in
                [("GET /", &b""[..]), ("POST /tickets", b"{}"), ("PUT /big", &large), ("DELETE /a", b"")]
            {
                let answer = ask(server, line, headers, body).await;
                assert_eq!(answer.status, 401, "{adapter} {line} {headers:?}: {answer:?}");
            }
        }
    }
    let reached = edge.upstream.reached();
    assert!(reached.is_empty(), "{reached:?}");
}

#[tokio::test]
async fn r_40_the_upstream_sees_exactly_our_identity_or_none() {
    let Some(edge) = Edge::start("signed-in").await else { return };
    let cookie = edge.cookie();
    for (adapter, server) in edge.nginx.servers() {
        let big = vec![b'x'; 1_000_000];
        for (line, body) in
            [("GET /a%20b?q=1", &b""[..]), ("POST /p", b"{\"a\":1}"), ("PUT /big", &big), ("GET /", b"")]
        {
            for headers in [with(&[], &cookie), with(SPOOFED, &cookie)] {
                let answer = ask(server, line, &headers, body).await;
                assert_eq!(
                    (answer.status, answer.body.as_str()),
                    (200, GREETING),
                    "{adapter} {line} {answer:?}"
                );
                let reached = edge.upstream.reached();
                let [seen] = reached.as_slice() else { panic!("{adapter} {line}: {reached:?}") };
                assert_eq!((seen.line.as_str(), seen.body), (line, body.len()), "{adapter}");
                let told = IDENTITY.map(|name| seen.all(name));
                if adapter == "nic" {
                    assert_eq!(told, [const { Vec::<&str>::new() }; 4], "{adapter} {line}");
                    continue;
                }
                let [user, email, roles, session] = told;
                assert_eq!(user, vec![edge.id.as_str()], "{adapter}");
                // She has no roles, and nobody has verified her address: nginx leaves out what is empty.
                assert!(email.is_empty() && roles.is_empty(), "{adapter} {email:?} {roles:?}");
                assert_eq!(session.len(), 1, "{adapter}");
                let [token] = seen.all("authorization")[..] else { panic!("{adapter} {seen:?}") };
                assert!(token.starts_with("Bearer ey"), "{adapter} {token}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_we_minted_lets_its_bearer_through_again() {
    let Some(edge) = Edge::start("signed-in").await else { return };
    let cookie = edge.cookie();
    let minted = |edge: &Edge| edge.upstream.reached()[0].all("authorization")[0].to_owned();
    let servers: Vec<_> = edge.nginx.servers().collect();
    assert_eq!(ask(servers[1].1, "GET /", &[&cookie], b"").await.status, 200);
    let bearer = format!("Authorization: {}", minted(&edge));
    for (adapter, server) in &servers {
        assert_eq!(ask(*server, "GET /", &[&bearer], b"").await.status, 200, "{adapter}");
        assert_eq!(
            ask(*server, "GET /", &[&bearer, &cookie], b"").await.status,
            200,
            "{adapter}: one session"
        );
    }
    edge.upstream.reached();
    let mut other = Browser::to(edge.sockets.public);
    other.sign_in("ada@example.org", crate::support::browser::PASSWORD).await;
    let other = format!("Cookie: {}", other.cookie.unwrap());
    for (adapter, server) in &servers {
        assert_eq!(
            ask(*server, "GET /", &[&bearer, &other], b"").await.status,
            403,
            "{adapter}: two sessions"
        );
    }
    assert!(edge.upstream.reached().is_empty());
}

#[tokio::test]
async fn what_a_session_does_not_meet_is_forbidden() {
    for rule in ["mfa", "role-admin", "nobody-knows-it", "role-", "desk%2F..%2Fsigned-in"] {
        let Some(edge) = Edge::start(rule).await else { return };
        let cookie = edge.cookie();
        for (adapter, server) in edge.nginx.servers() {
            let answer = ask(server, "GET /", &with(SPOOFED, &cookie), b"").await;
            assert_eq!(answer.status, 403, "{adapter} {rule} {answer:?}");
        }
        assert!(edge.upstream.reached().is_empty(), "{rule}");
    }
}

#[tokio::test]
async fn r_38_r_39_r_41_r_43_a_path_that_can_be_read_in_two_ways_reaches_nobody() {
    let Some(edge) = Edge::start("desk").await else { return };
    let cookie = edge.cookie();
    let headers = with(SPOOFED, &cookie);
    for (adapter, server) in edge.nginx.servers() {
        for line in ["GET /tickets/1", "GET /tickets/?next=/admin#a", "GET /tickets/a%20b%23c"] {
            let expected = if adapter == "nic" { 403 } else { 200 };
            assert_eq!(ask(server, line, &headers, b"").await.status, expected, "{adapter} {line}");
        }
        edge.upstream.reached();
        for line in [
            "GET /admin",
            "GET /admin?/tickets/1",
            "GET /admin#/tickets/1",
            "GET /tickets",
            "GET /Tickets/1",
            "POST /tickets/1",
            "DELETE /tickets/1",
            "PROPFIND /tickets/1",
            "GET /tickets/../admin",
            "GET /tickets/%2e%2e/admin",
            "GET /tickets/.%2E/admin",
            "GET /tickets%2f..%2fadmin",
            "GET /tickets/..%2fadmin",
            "GET /tickets/..%5cadmin",
            "GET /tickets/..\\admin",
            "GET /tickets/%252e%252e/admin",
            "GET /tickets/..;/admin",
            "GET /tickets//../../admin",
            "GET /tickets/x#/../../admin",
            "GET /tickets/a#b",
            "GET //tickets/1",
            "GET /./tickets/1",
            "GET /tickets/%00",
            "GET /tickets/%ff",
            "GET /tickets/%zz",
            "GET /tickets/\u{fc}",
            "GET http://localhost/admin",
            "GET http://localhost/tickets/../admin",
            "OPTIONS *",
            "GET tickets/1",
        ] {
            let answer = ask(server, line, &headers, b"").await;
            assert!([400, 403, 405].contains(&answer.status), "{adapter} {line}: {answer:?}");
            let reached = edge.upstream.reached();
            assert!(reached.is_empty(), "{adapter} {line}: {reached:?}");
        }
    }
}

#[tokio::test]
async fn nobody_gets_through_while_we_are_dead_or_once_signed_out() {
    let Some(mut edge) = Edge::start("signed-in").await else { return };
    let cookie = edge.cookie();
    edge.ada.sign_out().await;
    for (adapter, server) in edge.nginx.servers() {
        assert_eq!(ask(server, "GET /", &[&cookie], b"").await.status, 401, "{adapter}");
    }
    edge.process.kill();
    for (adapter, server) in edge.nginx.servers() {
        for headers in [&[][..], &[cookie.as_str()]] {
            let status = ask(server, "POST /", headers, b"{}").await.status;
            assert!(status >= 500, "{adapter} {status}");
        }
    }
    assert!(edge.upstream.reached().is_empty());
}

#[tokio::test]
async fn nothing_of_the_internal_listener_can_be_reached_through_the_proxy() {
    let Some(edge) = Edge::start("signed-in").await else { return };
    let cookie = edge.cookie();
    for (adapter, server) in edge.nginx.servers() {
        for path in [
            "/v1/whoami",
            "/v1/forward-auth/nic/signed-in",
            "/readyz",
            "/metrics",
            "/admin/v1/users",
            "/_external_auth",
        ] {
            let answer = ask(server, &format!("GET {path}"), &[&cookie], b"").await;
            let theirs = answer.body == GREETING || answer.status == 404;
            assert!(theirs && !answer.head.contains("x-auth-request"), "{adapter} {path} {answer:?}");
        }
    }
}
