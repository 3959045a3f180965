//! How a mail server is spoken to: encrypted, as somebody, or not at all.

use std::{fs, time::Duration};

use super::{newcomer, with_mail};
use crate::support::{
    authority::Authority, browser::Browser, folder::Folder, mail_server::MailServer, patience::until,
    people::email, service::Service, stores::sqlite,
};

/// The files of a server that speaks TLS, and of whoever believes it.
fn certificates(folder: &Folder) -> [String; 3] {
    let authority = Authority::new();
    let [ca, certificate, key] = ["ca.pem", "server.pem", "server.key"].map(|name| folder.file(name));
    fs::write(&ca, authority.pem()).unwrap();
    authority.sign().write(&certificate, &key);
    [ca, certificate, key].map(|path| path.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_mail_goes_encrypted_and_as_somebody_in_either_way() {
    let folder = Folder::new();
    let [ca, certificate, key] = certificates(&folder);
    for (tls, scheme) in [("starttls", "smtp"), ("implicit", "smtps")] {
        let login = ["--login", "portcullis:p@ss word"];
        let args = [&["--tls", tls, "--certificate", &certificate, "--key", &key][..], &login].concat();
        let Some(server) = MailServer::with(0, &args) else { return };
        let url = format!("{scheme}://portcullis:p%40ss%20word@localhost:{}", server.port);
        let settings = [("PORTCULLIS_MAIL_URL", url.as_str()), ("PORTCULLIS_MAIL_CA_FILE", &ca)];
        let service = Service::with(sqlite(), &settings).await;
        Browser::at(&service).sign_up("ada@example.org").await;
        let mail = server.mail().await;
        assert_eq!((&mail.0["tls"], &mail.0["login"]), (&true.into(), &true.into()), "{tls}: {mail:?}");
    }
}

/// Neither to one that nobody vouches for, nor to one that does not know us, nor in the clear where that was not said.
#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_prove_itself_or_does_not_encrypt() {
    let folder = Folder::new();
    let [ca, certificate, key] = certificates(&folder);
    let tls = ["--tls", "starttls", "--certificate", &certificate, "--key", &key];
    let with_login = [&tls[..], &["--login", "portcullis:secret"]].concat();
    let cases: [(&[&str], &str, &str, &str); 3] = [
        (&tls, "", "", "certificate"),
        (&with_login, "portcullis:wrong@", &ca, "535"),
        (&[], "", &ca, "STARTTLS"),
    ];
    for (args, login, ca, why) in cases {
        let Some(server) = MailServer::with(0, args) else { return };
        let url = format!("smtp://{login}localhost:{}", server.port);
        let settings = [("PORTCULLIS_MAIL_URL", url.as_str()), ("PORTCULLIS_MAIL_CA_FILE", ca)];
        let service = Service::with(sqlite(), &settings).await;
        Browser::at(&service).sign_up("ada@example.org").await;
        until("it was tried, and waits", async || {
            let user = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
            user.attrs().outbox.iter().any(|letter| letter.attempts == 1 && !letter.is_dead())
        })
        .await;
        let mut operator = Browser::to(service.internal);
        until("it is known why", async || {
            let health = operator.get("/health").await.json();
            let cause = health["dependencies"]["mail"]["cause"].clone();
            cause.as_str().is_some_and(|cause| cause.contains(why))
        })
        .await;
        server.hears_nothing_for(Duration::from_millis(500));
    }
}

#[tokio::test]
async fn a_mail_says_who_it_is_from_and_that_nobody_need_answer() {
    let Some((service, server)) = with_mail(sqlite()).await else { return };
    Browser::at(&service).sign_up("ada@example.org").await;
    let mail = server.mail().await;
    let headers = &mail.0["headers"];
    assert_eq!(headers["From"], "no-reply@localhost");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert!(headers["Message-ID"].as_str().unwrap().ends_with("@localhost>"), "{headers}");
    assert!(headers["Date"].is_string() && headers["To"] == "ada@example.org", "{headers}");

    let Some(server) = MailServer::start() else { return };
    let url = server.url();
    let from =
        [("PORTCULLIS_MAIL_URL", url.as_str()), ("PORTCULLIS_MAIL_FROM", "Ticketing <hello@ticketing.dev>")];
    let service = Service::with(sqlite(), &from).await;
    newcomer_from(&service, &server).await;
}

async fn newcomer_from(service: &Service, server: &MailServer) {
    Browser::at(service).sign_up("ada@example.org").await;
    let mail = server.mail().await;
    assert_eq!(
        (&mail.0["headers"]["From"], &mail.0["sender"]),
        (&"Ticketing <hello@ticketing.dev>".into(), &"hello@ticketing.dev".into())
    );
    newcomer(service, server, "bob@example.org").await;
}
