//! TLS on our own listeners, and on the way to MongoDB.

use std::{fs, net::SocketAddr, os::unix::fs::symlink, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DEFAULT_VERSIONS, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName},
        version::{TLS12, TLS13},
    },
};

use crate::support::{
    authority::{Authority, Signed},
    browser::Browser,
    folder::Folder,
    mongod::{self, ReplicaSet},
    process::{Process, Sockets},
    wire,
};

/// The folder of a mounted Secret: its files are links through one link, which is replaced when they change.
struct Mounted(Folder);

impl Mounted {
    fn new(signed: &Signed) -> Self {
        let mounted = Self(Folder::new());
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), mounted.0.file(name)).unwrap();
        }
        mounted.replace("1", signed);
        mounted
    }

    fn replace(&self, version: &str, signed: &Signed) {
        let folder = self.0.file(version);
        fs::create_dir(&folder).unwrap();
        signed.write(&folder.join("tls.crt"), &folder.join("tls.key"));
        symlink(version, self.0.file("next")).unwrap();
        fs::rename(self.0.file("next"), self.0.file("..data")).unwrap();
    }

    fn file(&self, name: &str) -> String {
        self.0.file(name).display().to_string()
    }
}

/// Both listeners with one certificate.
fn start(folder: &Folder, mounted: &Mounted) -> (Process, Sockets) {
    let (chain, key) = (mounted.file("tls.crt"), mounted.file("tls.key"));
    let mut process = Process::start(
        folder,
        &[
            ("PORTCULLIS_PUBLIC_TLS_CERT_FILE", &chain),
            ("PORTCULLIS_PUBLIC_TLS_KEY_FILE", &key),
            ("PORTCULLIS_INTERNAL_TLS_CERT_FILE", &chain),
            ("PORTCULLIS_INTERNAL_TLS_KEY_FILE", &key),
        ],
    );
    let sockets = process.ready();
    (process, sockets)
}

/// Somebody who trusts this authority and no other.
fn connector(
    authority: &Authority,
    versions: &[&'static tokio_rustls::rustls::SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(to: SocketAddr, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(to).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap()
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> wire::Raw {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    wire::receive(stream).await.unwrap()
}

#[tokio::test]
async fn both_listeners_speak_tls_and_nothing_else() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let mounted = Mounted::new(&authority.sign());
    let (_process, sockets) = start(&folder, &mounted);
    for version in [&TLS12, &TLS13] {
        let connector = connector(&authority, &[version]);
        for (to, path) in [(sockets.public, "/api/users/currentuser"), (sockets.internal, "/readyz")] {
            let mut stream = connect(to, &connector).await;
            for _ in 0..3 {
                assert_eq!(ask(&mut stream, path).await.status, 200, "{path}");
            }
        }
    }
    for to in [sockets.public, sockets.internal] {
        let mut plain = TcpStream::connect(to).await.unwrap();
        plain.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut said = Vec::new();
        let _ = plain.read_to_end(&mut said).await;
        assert!(!said.starts_with(b"HTTP"), "{:?}", String::from_utf8_lossy(&said));
        let stranger = connector(&Authority::new(), DEFAULT_VERSIONS);
        let socket = TcpStream::connect(to).await.unwrap();
        assert!(stranger.connect(ServerName::try_from("localhost").unwrap(), socket).await.is_err());
    }
}

#[tokio::test]
async fn f_30_whoever_never_ends_the_handshake_is_let_go() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let mounted = Mounted::new(&authority.sign());
    let (_process, sockets) = start(&folder, &mounted);
    let begun = Instant::now();
    let mut idle = TcpStream::connect(sockets.public).await.unwrap();
    idle.write_all(&[0x16, 3, 1]).await.unwrap();
    let mut byte = [0];
    let read = idle.read(&mut byte).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_half_of_one_is_not() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (first, second) = (authority.sign(), authority.sign());
    let mounted = Mounted::new(&first);
    let (mut process, sockets) = start(&folder, &mounted);
    let connector = connector(&authority, DEFAULT_VERSIONS);
    let mut before = connect(sockets.public, &connector).await;
    assert_eq!(shown(&before), first.der);
    assert_eq!(ask(&mut before, "/api/users/currentuser").await.status, 200);

    let mixed =
        Signed { certificate: second.certificate.clone(), key: first.key.clone(), der: second.der.clone() };
    mounted.replace("2", &mixed);
    let said = process.hears(|line| line.contains("the old one stays in use"));
    assert!(said.contains("is not that of the certificate"), "{said}");
    assert_eq!(shown(&connect(sockets.public, &connector).await), first.der);

    mounted.replace("3", &second);
    process.hears(|line| line.contains("a renewed certificate is shown"));
    let begun = Instant::now();
    while shown(&connect(sockets.public, &connector).await) != second.der {
        assert!(begun.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask(&mut before, "/api/users/currentuser").await.status, 200, "what was open goes on");
    assert!(!process.said.iter().any(|line| line.contains("PRIVATE")), "{:?}", process.said);
}

#[test]
fn files_that_are_of_no_use_are_told_at_the_start() {
    let authority = Authority::new();
    let (good, folder) = (Mounted::new(&authority.sign()), Folder::new());
    let (chain, key) = (good.file("tls.crt"), good.file("tls.key"));
    let another = Mounted::new(&authority.sign());
    let other = another.file("tls.key");
    let nowhere = folder.file("nowhere").display().to_string();
    for (chain, key, sentence) in [
        (chain.as_str(), "", "must be set beside PORTCULLIS_PUBLIC_TLS_CERT_FILE"),
        ("", key.as_str(), "must be set beside PORTCULLIS_PUBLIC_TLS_KEY_FILE"),
        (&nowhere, &key, "nowhere cannot be read"),
        (&key, &key, "holds no certificate"),
        (&chain, &chain, "holds no private key"),
        (&chain, &other, "is not that of the certificate"),
    ] {
        let mut process = Process::start(
            &folder,
            &[("PORTCULLIS_PUBLIC_TLS_CERT_FILE", chain), ("PORTCULLIS_PUBLIC_TLS_KEY_FILE", key)],
        );
        assert_eq!(process.end().code(), Some(1), "{sentence}");
        assert!(process.said.iter().any(|line| line.contains(sentence)), "{sentence}: {:?}", process.said);
    }
}

#[tokio::test]
async fn mongodb_is_reached_by_tls_with_its_own_authority() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let signed = authority.sign();
    let (ca, pem) = (folder.file("ca.crt"), folder.file("mongod.pem"));
    fs::write(&ca, authority.pem()).unwrap();
    fs::write(&pem, format!("{}{}", signed.certificate, signed.key)).unwrap();
    let Some(set) = ReplicaSet::one_with_tls(&ca, &pem).await else { return };
    let url = set.url(&mongod::database_name());
    let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", &url)]);
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));

    let stranger = folder.file("stranger.crt");
    fs::write(&stranger, Authority::new().pem()).unwrap();
    let url = url.replace("ca.crt", "stranger.crt");
    let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", &url)]);
    process.hears(|line| line.contains("cannot be reached yet"));
    process.signal("TERM");
    process.end();
}
