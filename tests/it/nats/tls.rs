//! Whom we believe who they are.

use portcullis::outlets::nats::NoWay;
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::{
    scripted::{INFO, Scripted},
    *,
};
use crate::support::{authority::Authority, folder::Folder};

/// With a stream, and a certificate for these names.
fn server(folder: &Folder, authority: &Authority, names: &[&str]) -> Option<NatsServer> {
    let mut server = NatsServer::start()?;
    server.stream(SUBJECT, &json!({}));
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    server.start_again(&NatsServer::tls(folder, &authority.sign_for(names)));
    Some(server)
}

fn over_tls(server: &NatsServer, host: &str, authority: &Authority) -> Broker {
    let servers = vec![Server { host: host.to_owned(), port: server.port(), tls: true }];
    Broker { servers, authorities: Some(authority.pem().into_bytes()), ..broker(&[]) }
}

#[tokio::test]
async fn a_server_that_shows_who_it_is_is_believed() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let Some(server) = server(&folder, &authority, &["localhost", "127.0.0.1"]) else { return };
    goes(&nats(over_tls(&server, "localhost", &authority)), &parcels(0..2)).await;
    goes(&nats(over_tls(&server, "127.0.0.1", &authority)), &parcels(2..4)).await;
}

#[tokio::test]
async fn a_server_that_wants_tls_gets_it_though_nobody_told_us() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let Some(server) = server(&folder, &authority, &["localhost", "127.0.0.1"]) else { return };
    let believing = Broker { authorities: Some(authority.pem().into()), ..broker(&[server.port()]) };
    goes(&nats(believing), &parcels(0..2)).await;
    does_not_go(&to(&server), &parcels(2..3)).await;
}

#[tokio::test]
async fn r_55_a_server_of_another_name_is_refused() {
    let (folder, authority) = (Folder::new(), Authority::new());
    // What it says of itself in the clear is its address, for which the certificate would do.
    let Some(server) = server(&folder, &authority, &["127.0.0.1"]) else { return };
    let login = Login::Token("fourteen-brass-kettles".into());
    let nats = nats(Broker { login, ..over_tls(&server, "localhost", &authority) });
    let why = does_not_go(&nats, &parcels(0..1)).await;
    assert!(why.contains("no TLS with it") && why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn r_55_a_server_that_nobody_we_know_vouches_for_is_refused() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let Some(server) = server(&folder, &authority, &["localhost"]) else { return };
    let why = does_not_go(&nats(over_tls(&server, "localhost", &Authority::new())), &parcels(0..1)).await;
    assert!(why.contains("no TLS with it"), "{why}");
}

/// It could be anybody on the way.
#[tokio::test]
async fn r_55_a_server_without_tls_is_told_nothing_where_we_want_it() {
    const TOKEN: &str = "fourteen-brass-kettles";
    let server = Scripted::new().await;
    let servers = vec![Server { host: "localhost".to_owned(), port: server.port(), tls: true }];
    let nats = nats(Broker { servers, login: Login::Token(TOKEN.into()), ..server.broker() });
    let script = async {
        let mut guest = server.greets(INFO).await;
        let mut told = vec![guest.0.read_u8().await.unwrap()];
        guest.hears("PONG\r\n").await;
        let _ = guest.0.read_to_end(&mut told).await;
        told
    };
    let (told, why) = tokio::join!(script, async { does_not_go(&nats, &parcels(0..1)).await });
    // A handshake of TLS, and nothing before or behind it.
    assert_eq!(told[0], 0x16);
    assert!(!String::from_utf8_lossy(&told).contains(TOKEN) && why.contains("no TLS with it"), "{why}");
}

#[test]
fn authorities_that_are_none_are_refused_at_once() {
    let given = Broker { authorities: Some(b"none".to_vec()), ..broker(&[1]) };
    let refused = Nats::new(given, Arc::new(SeededEntropy::new(7)));
    assert!(matches!(refused, Err(NoWay::Authorities(_))));
}
