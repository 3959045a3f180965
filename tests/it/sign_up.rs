//! Signing up, asked over HTTP.

use std::{fs, sync::Arc};

use futures_util::TryStreamExt;
use mongodb::bson::{RawDocumentBuf, doc};
use portcullis::{
    store::{
        Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::entropy::OsEntropy,
};
use serde_json::json;

use crate::support::{
    browser::{Browser, PASSWORD},
    folder::Folder,
    mongod,
    people::email,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    a_newcomer_is_created_and_signed_in,
    an_address_is_taken_in_every_spelling_of_it,
    r_16_asvs_15_3_3_members_nobody_asked_for_set_nothing,
    the_stored_hash_is_of_today_s_cost,
);

async fn a_newcomer_is_created_and_signed_in(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);

    let answer = ada.sign_up("Ada@Example.org").await;

    assert_eq!(answer.status, 201, "{answer:?}");
    let user = answer.json();
    assert_eq!(user["email"], "Ada@Example.org");
    assert_eq!(
        (&user["emailVerified"], &user["mfaEnabled"], &user["roles"]),
        (&json!(false), &json!(false), &json!([]))
    );
    assert_eq!(user["createdAt"], "2100-01-02T03:04:05.678Z");
    assert_eq!(user.as_object().unwrap().len(), 7, "no member more than the contract names: {user}");
    assert_eq!(ada.current_user().await.as_deref(), Some("Ada@Example.org"));
}

async fn an_address_is_taken_in_every_spelling_of_it(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    assert_eq!(Browser::at(&service).sign_up("ada@example.org").await.status, 201);

    for spelling in ["ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org "] {
        let mut other = Browser::at(&service);
        let answer = other.sign_up(spelling).await;
        assert_eq!((answer.status, answer.codes()), (400, vec!["email_in_use".to_owned()]));
        assert_eq!(answer.json()["errors"][0]["field"], "email");
        assert!(answer.set_cookie().is_none());
    }
}

async fn r_16_asvs_15_3_3_members_nobody_asked_for_set_nothing(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut eve = Browser::at(&service);

    let answer = eve
        .post(
            "/api/users/signup",
            json!({
                "email": "eve@example.org", "password": PASSWORD, "id": "00000000-0000-7000-8000-000000000000",
                "roles": ["admin"], "emailVerified": true, "email_verified_at": 1, "status": "active", "epoch": 9,
                "revision": 9, "createdAt": "1970-01-01T00:00:00Z", "_id": {"$oid": "0"}, "$set": {"roles": ["admin"]},
                "__proto__": {"roles": ["admin"]},
            }),
        )
        .await;

    assert_eq!(answer.status, 201);
    let stored = service.store.user_by_email(&email("eve@example.org")).await.unwrap().unwrap();
    let attrs = stored.attrs();
    assert!(attrs.roles.is_empty() && attrs.email_verified_at.is_none());
    assert_eq!((attrs.epoch, attrs.revision), (0, 0));
    assert_ne!(attrs.id.to_string(), "00000000-0000-7000-8000-000000000000");
    assert_eq!(attrs.created_at.to_string(), "2100-01-02T03:04:05.678Z");
}

async fn the_stored_hash_is_of_today_s_cost(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    Browser::at(&service).sign_up("ada@example.org").await;

    let stored = service.store.user_by_email(&email("ada@example.org")).await.unwrap().unwrap();
    let written = stored.hash().reveal().unwrap();
    assert!(written.starts_with("$scrypt$ln=14,r=8,p=1$"), "{written}");
    assert_eq!(stored.hash().recipe().salt.len(), 16, "n_14: 128 bits of salt");
    assert!(!format!("{stored:?}").contains(PASSWORD));
}

#[tokio::test]
async fn n_14_the_password_is_nowhere_in_the_file_or_its_log() {
    let folder = Folder::new();
    let store = SqliteStore::open(Location::File(folder.file("portcullis.db"))).unwrap();
    let mut service = Service::on(Arc::new(store)).await;
    type_the_canary(&service).await;

    assert!(folder.file("portcullis.db-wal").exists(), "what was just written is still in the log");
    assert_nowhere(&all_files(&folder));
    service.stop();
    assert_nowhere(&all_files(&folder));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn n_14_the_password_is_nowhere_in_the_documents() {
    let Some(set) = mongod::shared().await else { return };
    let name = mongod::database_name();
    let store = MongoStore::open(&set.url(&name), Arc::new(OsEntropy)).unwrap();
    let service = Service::on(Arc::new(store)).await;
    type_the_canary(&service).await;

    let raw = set.client().await.database(&name);
    let mut bytes = Vec::new();
    for collection in raw.list_collection_names().await.unwrap() {
        let mut found = raw.collection::<RawDocumentBuf>(&collection).find(doc! {}).await.unwrap();
        while let Some(document) = found.try_next().await.unwrap() {
            bytes.extend_from_slice(document.as_bytes());
        }
    }
    assert_nowhere(&bytes);
}

const CANARY: &str = "canary-Zq7-battery";

/// Everywhere one can: where it makes an account, where the address is taken, where it is right and where it is not.
async fn type_the_canary(service: &Service) {
    let mut ada = Browser::at(service);
    for status in [201, 400] {
        let body = json!({ "email": "ada@example.org", "password": CANARY });
        assert_eq!(ada.post("/api/users/signup", body).await.status, status);
    }
    assert_eq!(ada.sign_in("ada@example.org", CANARY).await.status, 200);
    assert_eq!(ada.sign_in("ada@example.org", &format!("{CANARY}!")).await.status, 400);
    assert_eq!(ada.sign_in("nobody@example.org", CANARY).await.status, 400);
}

fn all_files(folder: &Folder) -> Vec<u8> {
    let files = fs::read_dir(folder.path()).unwrap();
    files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

fn assert_nowhere(bytes: &[u8]) {
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("ada@example.org"), "what is stored in the clear can be seen");
    assert!(!holds(CANARY), "and the password cannot");
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let service = Service::start().await;
    let mut anybody = Browser::at(&service);
    for (body, codes) in [
        (json!({}), vec!["email_invalid", "password_required"]),
        (json!({"email": "nonsense", "password": "short"}), vec!["email_invalid", "password_too_short"]),
        (json!({"email": 5, "password": ["x"]}), vec!["email_invalid", "password_required"]),
        (json!({"email": null, "password": null}), vec!["email_invalid", "password_required"]),
        (json!({"email": "ada@example.org", "password": "x".repeat(1025)}), vec!["password_too_long"]),
        (json!({"email": "ada.l@example.org", "password": "ADA.L@example.org"}), vec!["password_is_address"]),
    ] {
        let answer = anybody.post("/api/users/signup", body.clone()).await;
        assert_eq!(
            (answer.status, answer.codes()),
            (400, codes.iter().map(ToString::to_string).collect()),
            "{body}"
        );
        for error in answer.json()["errors"].as_array().unwrap() {
            assert!(error["code"].as_str().unwrap().starts_with(error["field"].as_str().unwrap()), "{error}");
        }
    }
}

#[tokio::test]
async fn n_26_asvs_3_3_the_cookie_is_bound_as_tightly_as_the_origin_allows() {
    let service = Service::start().await;
    let answer = Browser::at(&service).sign_up("ada@example.org").await;
    let cookie = answer.set_cookie().unwrap();
    assert!(
        cookie.starts_with("session=pcs_") && cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"),
        "{cookie}"
    );
    assert!(!answer.text.contains("pcs_"), "the secret is in the cookie alone");

    let store = crate::support::stores::sqlite();
    let secure = Service::with(store, &[("PORTCULLIS_PUBLIC_ORIGIN", "https://ticketing.dev")]).await;
    let answer = Browser::at(&secure).sign_up("ada@example.org").await;
    let cookie = answer.set_cookie().unwrap();
    assert!(cookie.starts_with("__Host-session=pcs_"), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{cookie}");
    assert!(answer.header("strict-transport-security").unwrap().starts_with("max-age=63072000"));
}
