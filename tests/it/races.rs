//! Two processes, one replica set: whoever is first has the address, and nobody else.

use futures_util::future::join_all;

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod,
    process::Process,
};

#[tokio::test]
async fn f_35_a_hundred_sign_ups_of_one_address_over_two_processes_make_one_account() {
    let Some(set) = mongod::shared().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let settings = [("PORTCULLIS_STORE_URL", url.as_str())];
    let (mut one, mut other) = (Process::start(&folder, &settings), Process::start(&folder, &settings));
    let sockets = [one.ready(), other.ready()];

    let answers = join_all((0..100).map(|n| {
        let mut somebody = Browser::to(sockets[n % 2].public);
        async move {
            let answer = somebody.sign_up("wanted@example.org").await;
            (answer.status, if answer.status == 201 { Vec::new() } else { answer.codes() })
        }
    }))
    .await;

    let created = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(created, 1, "{answers:?}");
    for (status, codes) in answers.iter().filter(|(status, _)| *status != 201) {
        assert!(
            (*status, codes[0].as_str()) == (400, "email_in_use") || *status == 503,
            "{status} {codes:?}"
        );
    }
    let users =
        set.client().await.database(url_database(&url)).collection::<mongodb::bson::Document>("users");
    assert_eq!(users.count_documents(mongodb::bson::doc! {}).await.unwrap(), 1, "one account");
    for socket in sockets {
        assert_eq!(Browser::to(socket.public).sign_in("wanted@example.org", PASSWORD).await.status, 200);
    }
}

fn url_database(url: &str) -> &str {
    let path = url.rsplit_once('/').unwrap().1;
    path.split('?').next().unwrap()
}
