//! Plans: no query may read a collection from end to end.

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use portcullis::{
    domain::{
        one_time::Purpose,
        session::{EndReason, Ended, Seen},
    },
    store::Store,
};

use super::fresh;
use crate::support::people::People;

#[tokio::test]
async fn every_query_uses_an_index() {
    let Some(database) = fresh().await else { return };
    let (store, people) = (database.store().await, People::new());
    let raw = database.raw().await;
    store.migrate(people.now()).await.unwrap();
    raw.run_command(doc! { "profile": 2 }).await.unwrap();
    do_everything(&store, &people).await;
    raw.run_command(doc! { "profile": 0 }).await.unwrap();

    let filter = doc! { "op": { "$in": ["query", "update", "remove", "command"] }, "planSummary": { "$exists": true } };
    let entries = raw.collection::<Document>("system.profile").find(filter).await.unwrap();
    let entries: Vec<Document> = entries.try_collect().await.unwrap();
    let mut seen = 0;
    for entry in &entries {
        let (collection, plan) = (entry.get_str("ns").unwrap(), entry.get_str("planSummary").unwrap());
        if collection.contains("system.") {
            continue;
        }
        assert!(plan.starts_with("IXSCAN") || plan.starts_with("IDHACK"), "{plan} in {entry}");
        seen += 1;
    }
    assert!(seen >= 9, "the profiler saw {seen} of them only: {entries:?}");
    super::Database::remove(&database).await;
}

async fn do_everything(store: &dyn Store, people: &People) {
    let user = people.user("ada@example.org");
    let session = people.session(&user);
    let record = people.one_time(Purpose::SecondFactor);
    let (secret, now) = (&session.secret_digest, people.now());
    store.add_user(&user).await.unwrap();
    store.user(user.id()).await.unwrap().unwrap();
    store.user_by_email(&user.attrs().email).await.unwrap().unwrap();
    store.replace_user(&user).await.unwrap();
    store.add_session(&session).await.unwrap();
    store.session(secret).await.unwrap().unwrap();
    store.see_session(secret, Seen { at: now, idle_expires_at: now }).await.unwrap();
    store.end_session(secret, Ended { at: now, reason: EndReason::SignedOut }).await.unwrap();
    store.add_one_time(&record).await.unwrap();
    store.consume_one_time(&record.digest, record.purpose, now).await.unwrap().unwrap();
    store.probe(now).await.unwrap();
    store.probe(now).await.unwrap();
}

#[tokio::test]
#[ignore = "measures"]
async fn latency() {
    let Some(database) = fresh().await else { return };
    let people = People::new();
    let watch = portcullis::system::clock::Stopwatch::start();
    let store = database.store().await;
    store.migrate(people.now()).await.unwrap();
    eprintln!("connect+migrate fresh {:?}", watch.elapsed());
    let watch = portcullis::system::clock::Stopwatch::start();
    let second = database.store().await;
    second.migrate(people.now()).await.unwrap();
    eprintln!("connect+migrate again {:?}", watch.elapsed());
    let mut added = vec![]; let mut read = vec![]; let mut piped = vec![]; let mut byid=vec![];
    let mut last = None;
    for n in 0..500 {
        let user = people.user(&format!("u{n}@example.org"));
        let watch = portcullis::system::clock::Stopwatch::start();
        store.add_user(&user).await.unwrap();
        added.push(watch.elapsed());
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        last = Some((user, session));
    }
    let (user, session) = last.unwrap();
    let raw = database.raw().await;
    let sessions = raw.collection::<Document>("sessions");
    let bin = mongodb::bson::Binary { subtype: mongodb::bson::spec::BinarySubtype::Generic, bytes: session.secret_digest.as_bytes().to_vec() };
    for _ in 0..2000 {
        let watch = portcullis::system::clock::Stopwatch::start();
        store.session(&session.secret_digest).await.unwrap().unwrap();
        read.push(watch.elapsed());
        let watch = portcullis::system::clock::Stopwatch::start();
        store.user(user.id()).await.unwrap().unwrap();
        byid.push(watch.elapsed());
        let watch = portcullis::system::clock::Stopwatch::start();
        let mut cursor = sessions.aggregate([doc! {"$match": {"secretDigest": bin.clone()}}, doc! {"$lookup": {"from": "users", "localField": "userId", "foreignField": "_id", "as": "user"}}])
            .read_concern(mongodb::options::ReadConcern::majority()).await.unwrap();
        cursor.try_next().await.unwrap().unwrap();
        piped.push(watch.elapsed());
    }
    for (name, mut all) in [("add_user", added), ("session two finds", read), ("session $lookup", piped), ("user by id", byid)] {
        all.sort();
        eprintln!("{name}: p50 {:?} p99 {:?}", all[all.len() / 2], all[all.len() * 99 / 100]);
    }
}
