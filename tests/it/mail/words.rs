//! What mails say: the words of a folder, and the terminal of whoever has no mail server.

use std::fs;

use serde_json::json;

use super::{NEW, forgot, newcomer, with_mail_and};
use crate::support::{
    browser::Browser,
    folder::Folder,
    process::{Process, run},
    stores::sqlite,
};

#[tokio::test]
async fn words_of_a_folder_take_the_place_of_those_that_come_along() {
    let folder = Folder::new();
    fs::write(
        folder.file("verify.txt"),
        "Subject: Willkommen bei {{host}}\nHier: {{ link }} ({{lifetime}})\n",
    )
    .unwrap();
    fs::write(folder.file("frame.html"), "<main>{{body}}</main>").unwrap();
    let links = [
        ("PORTCULLIS_MAIL_TEMPLATES", folder.path().to_str().unwrap()),
        ("PORTCULLIS_MAIL_LINKS", "/konto/{page}.html"),
    ];
    let Some((service, server)) = with_mail_and(sqlite(), &links).await else { return };
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let mail = server.mail().await;
    assert_eq!(mail.subject(), "Willkommen bei localhost");
    assert!(mail.text().starts_with("Hier: http://localhost:3000/konto/verify.html#token=pcm_"), "{mail:?}");
    assert!(mail.0["html"].as_str().unwrap().starts_with("<main><p>There is an account"), "{mail:?}");
    forgot(&mut ada, "ada@example.org").await;
    assert!(server.mail().await.subject().starts_with("Choose a new password"));
    newcomer(&service, &server, "bob@example.org").await;
}

#[test]
fn words_that_cannot_be_used_are_told_at_the_start() {
    let folder = Folder::new();
    let settings =
        [("PORTCULLIS_MAIL_URL", "log:"), ("PORTCULLIS_MAIL_TEMPLATES", folder.path().to_str().unwrap())];
    for (file, words, wrong) in [
        ("reset.txt", "Choose: {{link}}\n", "Subject: "),
        ("reset.txt", "Subject: Choose\nby {{lnk}}\n", "{{lnk}}"),
        ("reset.html", "<p>Choose</p>", "no {{link}} in it"),
        ("frame.html", "<p>Nothing", "no {{body}} in it"),
    ] {
        fs::write(folder.file(file), words).unwrap();
        let output = run(&folder, &["serve"], &settings);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("PORTCULLIS_MAIL_TEMPLATES") && said.contains(file) && said.contains(wrong),
            "{said}"
        );
        fs::remove_file(folder.file(file)).unwrap();
    }
}

/// As somebody has it who has just typed `cargo run`.
#[tokio::test]
async fn without_a_mail_server_a_mail_is_printed() {
    let folder = Folder::new();
    let mut process = Process::start(&folder, &[("PORTCULLIS_MAIL_URL", "log:")]);
    let sockets = process.ready();
    let mut ada = Browser::to(sockets.public);
    ada.sign_up("ada@example.org").await;
    process.hears(|line| line.starts_with("---- mail to ada@example.org: Confirm your address"));
    forgot(&mut ada, "ada@example.org").await;
    let line = process.hears(|line| line.contains("/account/reset#token="));
    let token = line.split_once("#token=").unwrap().1;
    let body = json!({ "token": token, "newPassword": NEW });
    assert_eq!(ada.post("/api/users/password/reset", body).await.status, 204);
    assert_eq!(ada.sign_in("ada@example.org", NEW).await.status, 200);
}
