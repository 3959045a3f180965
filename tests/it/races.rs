//! Two who want the same at once: whoever is first has it, and nobody else.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use portcullis::{
    domain::{
        stored_hash::StoredHash,
        user::{User, UserAttrs},
    },
    store::Store,
};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod,
    patience::until,
    people::{NODE_HASH, People, email},
    process::Process,
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

on_both_stores!(a_hash_that_another_process_renewed_meanwhile_is_left_to_it);

async fn a_hash_that_another_process_renewed_meanwhile_is_left_to_it(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_PASSWORD_COST", "standard")]).await;
    let people = People::new();
    let hash = StoredHash::parse(NODE_HASH).unwrap();
    let user = User::build(UserAttrs::new(people.user_id(), email("node@example.org"), hash, people.now()));
    service.store.add_user(&user).await.unwrap();

    let (mut somebody, mut inside) = (Browser::at(&service), Browser::to(service.internal));
    let elsewhere = async {
        // The user was read before the first hash begins, and is written only after the second, which takes long.
        let busy = async || inside.get("/health").await.json()["dependencies"]["hashing"]["busy"] != 0;
        until("a password is checked", busy).await;
        service
            .store
            .replace_user(&user.clone().renew_hash(user.hash().clone(), people.now()))
            .await
            .unwrap();
    };
    let (answer, ()) = tokio::join!(somebody.sign_in("node@example.org", "correct horse"), elsewhere);

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(somebody.current_user().await.as_deref(), Some("node@example.org"));
    let stored = service.store.user_by_email(&email("node@example.org")).await.unwrap().unwrap();
    assert_eq!((stored.hash().reveal().unwrap().as_str(), stored.attrs().revision), (NODE_HASH, 1));

    assert_eq!(somebody.sign_in("node@example.org", "correct horse").await.status, 200);
    let stored = service.store.user_by_email(&email("node@example.org")).await.unwrap().unwrap();
    assert_eq!(stored.attrs().revision, 2, "renewed the next time");
}

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

#[tokio::test]
async fn f_36_fifty_who_race_over_two_processes_get_one_successor_also_when_one_is_killed() {
    let Some(set) = mongod::shared().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let settings = [("PORTCULLIS_STORE_URL", url.as_str()), ("PORTCULLIS_KEY_SECRET", KEY_SECRET)];
    let (mut one, mut other) = (Process::start(&folder, &settings), Process::start(&folder, &settings));
    let sockets = [one.ready(), other.ready()];
    let sessions =
        set.client().await.database(url_database(&url)).collection::<mongodb::bson::Document>("sessions");

    for (round, kill) in [false, true].into_iter().enumerate() {
        let account =
            json!({ "email": format!("ada{round}@example.org"), "password": PASSWORD, "mode": "token" });
        let begun = Browser::to(sockets[1].public).post("/api/users/signup", account).await.json();
        let token = begun["refreshToken"].as_str().unwrap();
        let race = join_all((0..50).map(|n| {
            let mut racer = Browser::to(sockets[n % 2].public);
            let body = json!({ "refreshToken": token });
            async move { racer.try_ask(Method::POST, "/api/users/refresh", Some(body)).await }
        }));
        let murder = async {
            if kill {
                sleep(Duration::from_millis(4)).await;
                one.kill();
            }
        };
        let (answers, ()) = tokio::join!(race, murder);

        let answered: Vec<_> = answers.iter().flatten().filter(|answer| answer.status == 200).collect();
        assert!(answered.len() >= if kill { 25 } else { 50 }, "{answers:?}");
        let successors: BTreeSet<_> =
            answered.iter().map(|answer| answer.json()["refreshToken"].to_string()).collect();
        assert_eq!(successors.len(), 1, "one successor");
        let successor = answered[0].json()["refreshToken"].as_str().unwrap().to_owned();
        let renewed = mongodb::bson::doc! { "generation": { "$gt": 0 } };
        assert_eq!(sessions.count_documents(renewed).await.unwrap(), round as u64 + 1, "one live leaf each");
        let mut survivor = Browser::to(sockets[1].public);
        let again = survivor.refresh(token).await;
        assert_eq!(again.json()["refreshToken"], successor.as_str(), "whose answer was lost gets it again");
        assert_eq!(survivor.refresh(&successor).await.status, 200);
    }
}
