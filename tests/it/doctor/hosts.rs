//! Hosts from outside: what is shut, what is open, and what shows more than it should.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

use super::{look, says};
use crate::support::{
    authority::{Authority, Signed},
    folder::Folder,
    process::{Process, run},
};

/// A controller with one page of each kind.
pub(super) async fn controller(signed: &Signed) -> SocketAddr {
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der.clone()], key)
        .unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let answer = answer(&String::from_utf8(head).unwrap().to_ascii_lowercase());
                if answer.is_empty() {
                    sleep(Duration::from_mins(1)).await;
                }
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

fn answer(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap();
    assert!(head.contains("\r\nhost: app.example\r\n"), "{head}");
    let status = match path {
        "/sends-away" => "302 Found\r\nLocation: https://app.example/sign-in",
        "/tickets" => "301 Moved Permanently\r\nLocation: /tickets/",
        // The last two are an application's own.
        "/open" | "/health" | "/metrics" => "200 OK",
        "/believes" if head.contains("x-auth-request-user:") => "200 OK",
        "/takes-any-session" if head.contains("cookie:") => "200 OK",
        "/shut" | "/believes" | "/takes-any-session" => "401 Unauthorized",
        "/posts-only" => "405 Method Not Allowed",
        "/broken" => "500 Internal Server Error",
        "/silent" => return String::new(),
        _ => "404 Not Found",
    };
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_40_an_open_host_is_found_and_a_shut_one_is_not() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let connect = controller(&authority.sign_for(["app.example".to_owned()])).await.to_string();
    let trusted = folder.file("authority.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let look = |path: &str, settings: &[(&str, &str)]| {
        let url = format!("https://app.example{path}");
        look(&folder, &["--url", &url, "--connect", &connect, "--timeout", "2"], settings)
    };
    for (path, state, word) in [
        ("/shut", "fine", "lets nobody in"),
        ("/sends-away", "unknown", "sends on to https://app.example/sign-in"),
        ("/tickets", "unknown", "sends on to https://app.example/tickets/"),
        ("/open", "wrong", "reached without credentials: it answers 200"),
        ("/posts-only", "wrong", "it answers 405 where 401 is due"),
        ("/nothing-here", "unknown", "answers 404, as this host does to any path"),
        ("/believes", "wrong", "reached with invented identity headers"),
        ("/takes-any-session", "wrong", "reached with an invented session"),
        ("/broken", "wrong", "answers 500"),
        ("/silent", "unknown", "no answer in time"),
    ] {
        let (found, code) = look(path, &[]);
        assert!(says(&found, "gate", state, word), "{path}: {found:?}");
        assert!(says(&found, "outside", "fine", "nothing of the internal listener"), "{path}: {found:?}");
        assert_eq!(code, i32::from(state == "wrong"), "{path}: {found:?}");
        // Nobody knows this authority, which is no reason to stop.
        assert!(says(&found, "certificate", "warning", "is not trusted here"), "{path}: {found:?}");
    }
    let (found, _) = look("/shut", &[("SSL_CERT_FILE", trusted.to_str().unwrap())]);
    assert!(says(&found, "certificate", "fine", "is trusted and holds"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_for_another_host_is_found() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let connect = controller(&authority.sign_for(["other.example".to_owned()])).await.to_string();
    let (found, code) = look(&folder, &["--url", "https://app.example/shut", "--connect", &connect], &[]);
    assert!(says(&found, "certificate", "wrong", "is not for app.example") && code == 1, "{found:?}");
}

#[tokio::test]
async fn the_internal_listener_is_told_from_the_public_one() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[]);
    let sockets = process.ready();
    let look = |to: SocketAddr| {
        look(&folder, &["--url", &format!("http://{to}/v1/forward-auth/nic/signed-in")], &[])
    };
    let (found, code) = look(sockets.internal);
    for path in ["/health", "/v1/whoami"] {
        assert!(
            says(&found, "outside", "wrong", &format!("{path} reaches the internal listener")),
            "{found:?}"
        );
    }
    assert_eq!(code, 1);
    let (found, _) = look(sockets.public);
    assert!(says(&found, "outside", "fine", "nothing of the internal listener"), "{found:?}");
}

#[test]
fn where_a_name_leads_is_of_no_use_to_an_address() {
    let args = ["doctor", "--url", "https://10.0.0.7/tickets", "--connect", "127.0.0.1:1"];
    let output = run(&Folder::new(), &args, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--connect says where a name leads") && output.status.code() == Some(2), "{said}");
}

#[test]
fn a_host_that_leads_nowhere_is_unknown_and_says_how_to_get_there() {
    let (found, code) = look(&Folder::new(), &["--url", "https://nowhere.invalid/tickets"], &[]);
    assert!(says(&found, "gate", "unknown", "nowhere.invalid leads nowhere from here"), "{found:?}");
    assert_eq!(code, 0);
}
