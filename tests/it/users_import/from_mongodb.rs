//! Users of another system's MongoDB: the collection is read as it is, and not touched.

use std::time::Duration;

use mongodb::{
    Client, Collection,
    bson::{Document, doc, oid::ObjectId},
};
use portcullis::domain::event::EventKind;
use serde_json::{Value, json};

use super::{Gate, on_both_stores};
use crate::support::{browser::Browser, events::details_in, mongod, people::NODE_HASH};

on_both_stores!(the_ticketing_collection_comes_in, what_cannot_be_read_is_said_without_a_password);

/// As Mongoose leaves it, in a database of its own; `None` where there is no mongod.
async fn ticketing() -> Option<(String, Collection<Document>)> {
    let (set, name) = (mongod::shared().await?, mongod::database_name());
    let url = set.url(&name);
    let client: Client = set.client().await;
    Some((url, client.database(&name).collection("users")))
}

fn since(seconds: u32, number: u8) -> ObjectId {
    let [a, b, c, d] = seconds.to_be_bytes();
    ObjectId::from_bytes([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, number])
}

async fn the_ticketing_collection_comes_in(gate: &Gate) {
    let Some((url, users)) = ticketing().await else { return };
    let twice = since(1_600_000_002, 3);
    let people = vec![
        doc! { "_id": since(1_600_000_000, 1), "email": "Ada@Example.org", "password": NODE_HASH, "__v": 0 },
        doc! { "_id": since(1_600_000_001, 2), "email": "eve@example.org", "password": "plain text", "__v": 0 },
        doc! { "_id": twice, "email": "ada@example.org", "password": NODE_HASH, "__v": 0 },
        doc! { "_id": since(1_600_000_003, 4), "email": "grace@example.org", "__v": 0 },
        doc! { "_id": "odd", "email": "odd@example.org", "password": NODE_HASH },
    ];
    users.insert_many(people).await.unwrap();
    let file = gate.write("url", &format!("{url}\n"));
    let report = gate.folder.file("report");
    let mut service = gate.serve();
    let sockets = service.ready();

    let (told, code) = gate.json(&["--from-mongodb", &url, "--dry-run"]);
    assert_eq!(
        (&told["read"], &told["algorithms"], code),
        (&json!(5), &json!({ "scrypt of Node": 3 }), Some(1))
    );
    assert_eq!(gate.users().await.len(), 0);
    let (told, code) = gate.json(&["--from-mongodb-file", &file, "--report", report.to_str().unwrap()]);
    assert_eq!(
        (&told["added"], &told["duplicates"], &told["refused"], code),
        (&json!(2), &json!(1), &json!(2), Some(1))
    );

    let told = details_in(gate.store(), EventKind::UsersImported).await;
    let [from] = told.as_slice() else { panic!("{told:?}") };
    let collection = format!("{}.users at 127.0.0.1:", users.namespace().db);
    assert!(from.starts_with(&collection) && url.contains(from.split(" at ").nth(1).unwrap()), "{from}");

    let report = std::fs::read_to_string(report).unwrap();
    let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<_> = report.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["hash_unknown", "hash_missing", "duplicate"]);
    assert_eq!((&report[2]["id"], &report[2]["email"]), (&json!(twice.to_hex()), &json!("ada@example.org")));
    let there = gate.users().await;
    let ada = there.iter().find(|user| user.attrs().email.original() == "Ada@Example.org").unwrap();
    assert_eq!(ada.attrs().created_at.as_second(), 1_600_000_000);
    let mut browser = Browser::to(sockets.public);
    assert_eq!(browser.sign_in("ada@example.org", "correct horse").await.status, 200);
    assert_eq!(users.count_documents(doc! {}).await.unwrap(), 5, "it is only read");

    let (told, _) = gate.json(&["--from-mongodb", &url]);
    assert_eq!(
        (&told["added"], &told["addedBefore"], &told["duplicates"]),
        (&json!(0), &json!(2), &json!(1))
    );
    let (told, code) = gate.json(&["--from-mongodb", &url, "--collection", "nobody"]);
    assert_eq!((&told["read"], code), (&json!(0), Some(1)), "there was nobody");
}

async fn what_cannot_be_read_is_said_without_a_password(gate: &Gate) {
    let nobody = "mongodb://ada:hunter2@127.0.0.1:9/tickets?serverSelectionTimeoutMS=100";
    for (url, code) in [
        (nobody, 1),
        ("mongodb://ada:hunter2@127.0.0.1:9", 2),
        ("postgres://ada:hunter2@127.0.0.1/tickets", 2),
        ("ada:hunter2", 2),
        ("mongodb://ada:hun:ter2@h/tickets", 2),
    ] {
        let begun = std::time::Instant::now();
        let output = gate.import(&["--from-mongodb", url]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("the other MongoDB") && !said.contains("ter2"), "{said}");
        assert!(!said.contains("the store") && !said.contains("Topology"), "{said}");
        assert_eq!(
            said.contains("no server answers") && said.contains("127.0.0.1:9"),
            url == nobody,
            "{said}"
        );
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
