//! Who we say we are, and what we may do then.

use portcullis::outlets::DEADLINE;
use serde_json::json;
use tokio::time::Instant;

use super::*;

const SECRET: &str = "fourteen-brass-kettles";

fn with_login(server: &NatsServer, login: Login) -> Nats {
    nats(Broker { login, ..broker(&[server.port()]) })
}

fn ada(password: &str) -> Login {
    Login::Password("ada".to_owned(), password.into())
}

/// A server that has a stream, and only then asks who comes.
fn guarded(config: &str) -> Option<NatsServer> {
    let mut server = NatsServer::start()?;
    server.stream(SUBJECT, &json!({}));
    server.start_again(config);
    Some(server)
}

#[tokio::test]
async fn a_name_and_a_password_are_taken_and_others_are_not() {
    let Some(server) = guarded(&format!("authorization {{ user: ada, password: {SECRET:?} }}")) else {
        return;
    };
    goes(&with_login(&server, ada(SECRET)), &parcels(0..2)).await;
    for login in [ada("twelve-tin-kettles"), Login::Token("twelve-tin-kettles".into()), Login::None] {
        let begun = Instant::now();
        let why = does_not_go(&with_login(&server, login), &parcels(2..3)).await;
        assert!(why.contains("does not take who we say we are (Authorization Violation)"), "{why}");
        assert!(!why.contains("kettles") && begun.elapsed() < DEADLINE, "{why}");
    }
}

#[tokio::test]
async fn a_token_is_taken() {
    let Some(server) = guarded(&format!("authorization {{ token: {SECRET:?} }}")) else { return };
    goes(&with_login(&server, Login::Token(SECRET.into())), &parcels(0..2)).await;
    does_not_go(&with_login(&server, ada(SECRET)), &parcels(2..3)).await;
}

#[tokio::test]
async fn who_may_not_publish_there_is_told_so() {
    let allowed = "{ publish: \"other.>\", subscribe: \"_INBOX.>\" }";
    let user = format!("{{ user: ada, password: {SECRET:?}, permissions: {allowed} }}");
    let Some(server) = guarded(&format!("authorization {{ users: [{user}] }}")) else { return };
    let nats = with_login(&server, ada(SECRET));
    for _ in 0..2 {
        let why = does_not_go(&nats, &parcels(0..2)).await;
        assert!(
            why.contains("Permissions Violation for Publish to \"portcullis.events.signed_in\""),
            "{why}"
        );
    }
}

#[test]
fn no_secret_is_shown() {
    let nats = nats(Broker { login: ada(SECRET), ..broker(&[1]) });
    assert!(!format!("{nats:?}").contains("kettles"));
}
