//! Plans: no query may read a collection from end to end.

use futures_util::TryStreamExt;
use jiff::SignedDuration;
use mongodb::bson::{Document, doc};
use portcullis::{
    domain::{
        event::{EventFilter, EventKind, Head},
        id::EventId,
        one_time::Purpose,
        sealed::Sealed,
        session::{EndReason, Ended, Seen},
        throttle::{Attempt, Counter, Curve, Name, Pair, Stuffing, WrongPair},
    },
    store::Store,
};

use super::{
    super::contract::{self, events::event, rotations::rotate, signing_keys::key},
    fresh,
};
use crate::support::people::People;

#[tokio::test]
async fn every_query_uses_an_index() {
    let Some(database) = fresh().await else { return };
    let (store, people) = (database.store(), People::new());
    let raw = database.raw().await;
    store.migrate(people.now()).await.unwrap();
    for number in 0..10 {
        let bystander = people.user(&format!("bystander{number}@example.org"));
        store.add_user(&bystander).await.unwrap();
        let session = people.session(&bystander);
        store.add_session(&session).await.unwrap();
        rotate(&store, &session, &people).await;
        store.add_event(&event(&bystander, &people)).await.unwrap();
    }
    raw.run_command(doc! { "profile": 2 }).await.unwrap();
    do_everything(&store, &people).await;
    raw.run_command(doc! { "profile": 0 }).await.unwrap();

    let filter = doc! { "op": { "$in": ["query", "update", "remove", "command"] }, "planSummary": { "$exists": true } };
    let entries = raw.collection::<Document>("system.profile").find(filter).await.unwrap();
    let entries: Vec<Document> = entries.try_collect().await.unwrap();
    let mut seen = 0;
    for entry in &entries {
        let (collection, plan) = (entry.get_str("ns").unwrap(), entry.get_str("planSummary").unwrap());
        // The oplog, which a change stream reads, has no index and is read from where the stream was.
        if collection.contains("system.") || collection.ends_with(".$cmd.aggregate") {
            continue;
        }
        assert!(plan.starts_with("IXSCAN") || plan.starts_with("IDHACK"), "{plan} in {entry}");
        // What a `$lookup` does is not in the plan's summary, but in what was looked at.
        let count = |name| entry.get_i32(name).unwrap_or(0);
        let looked_at = count("docsExamined");
        let changed = count("ndeleted").max(count("nMatched"));
        assert!(looked_at <= 2.max(count("nreturned")).max(changed), "{looked_at} documents in {entry}");
        seen += 1;
    }
    assert!(seen >= 17, "the profiler saw {seen} of them only: {entries:?}");
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
    let session = rotate(store, &session, people).await;
    let previous = session.previous.unwrap().digest;
    assert!(store.session(&previous).await.unwrap().is_some());
    store.session_by_id(session.id).await.unwrap().unwrap();
    for _ in 0..5 {
        let over = people.session(&user);
        store.add_session(&over).await.unwrap();
        store.end_session(over.id, Ended { at: now, reason: EndReason::Crowded }).await.unwrap();
    }
    assert_eq!(store.sessions_of(user.id(), now).await.unwrap().len(), 1);
    store.see_session(session.id, Seen { at: now, idle_expires_at: now }).await.unwrap();
    store.end_session(session.id, Ended { at: now, reason: EndReason::SignedOut }).await.unwrap();
    store.add_one_time(&record).await.unwrap();
    store.consume_one_time(&record.digest, record.purpose, now).await.unwrap().unwrap();
    let key = key(1, people);
    store.add_signing_key(&key).await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    store.remove_signing_key(key.id).await.unwrap();
    store.add_event(&event(&user, people)).await.unwrap();
    assert_eq!(contract::events::of(store, user.id(), now).await.len(), 1);
    let of_kind = EventFilter { user: None, kind: Some(EventKind::RefreshReuse) };
    let ids = EventId::FIRST..EventId::LAST;
    assert_eq!(store.events(&of_kind, ids.clone(), 2, now).await.unwrap().len(), 2);
    assert_eq!(store.events(&EventFilter::default(), ids, 2, now).await.unwrap().len(), 2);
    assert_eq!(store.head().await.unwrap(), None);
    contract::events::seal(store, &Head::NONE, SignedDuration::from_hours(24)).await;
    assert_eq!(store.unsealed_events(EventId::FIRST, 10).await.unwrap(), []);
    assert!(store.head().await.unwrap().is_some());
    assert_eq!(store.sealed_events(None, 2..u64::MAX, 3, now).await.unwrap().len(), 3);
    assert_eq!(store.sealed_events(Some(user.id()), 0..u64::MAX, 3, now).await.unwrap().len(), 1);
    let name = Name { digest: record.digest, label: Sealed::from_bytes(vec![0]) };
    store.count(&name, 1, now, now).await.unwrap();
    store.count(&name, 1, now, now).await.unwrap();
    let counters = vec![Counter { name: name.clone(), curve: Curve::PASSWORDS }];
    store.try_once(&Attempt { counters, gates: vec![name.digest] }, now).await.unwrap();
    let wrong = WrongPair { network: name.clone(), pair: Pair::new(&name.digest), rule: Stuffing::PASSWORDS };
    store.note_wrong_pair(&wrong, now).await.unwrap();
    store.tallies(None, now).await.unwrap();
    store.tallies(Some(name.digest), now).await.unwrap();
    store.forget_tries(&[name.digest]).await.unwrap();
    assert!(store.users_to_write_to(now, 10).await.unwrap().is_empty());
    assert_eq!(store.sessions_ever_of(user.id()).await.unwrap().len(), 6);
    let left = store.user(user.id()).await.unwrap().unwrap().leave_at_once(now);
    store.replace_user(&left).await.unwrap();
    assert_eq!(store.users_to_erase(now, 10).await.unwrap(), [user.id()]);
    assert!(store.erase_user(user.id(), now).await.unwrap());
    store.probe(now).await.unwrap();
    store.probe(now).await.unwrap();
}
