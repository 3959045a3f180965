//! Volumes that are lost, and volumes that are kept.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use tokio::time::sleep;

use crate::support::agents::Set;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_lost_volume_makes_no_second_set_and_kept_ones_are_the_set_again() {
    let Some(mut set) = Set::start(3) else { return };
    let primary = set.settled(3).await;
    let id = set.id(0).await;
    let people =
        set.client_of(primary, "app", "app-1").await.database("auth").collection::<Document>("people");
    people.insert_one(doc! { "_id": "ada" }).await.unwrap();

    // The first loses its volume while nobody else answers.
    set.agent(0).kill();
    set.server(0).lose();
    set.server(1).end();
    set.server(2).end();
    set.server(0).start_again();
    set.start_agent(0, 3);
    set.agent(0).hears(|line| line.contains("others have to be asked first"));
    sleep(Duration::from_secs(3)).await;
    is_blank_and_not_ready(&mut set, 0).await;
    // The others fill it as soon as they find it.
    set.server(1).start_again();
    set.server(2).start_again();
    let primary = set.settled(3).await;
    assert_eq!(set.id(0).await, id);
    ada_is_there(&set, primary).await;

    // All go, as if the set were deleted, and come again with their volumes.
    for ordinal in 0..3 {
        set.agent(ordinal).kill();
        set.server(ordinal).end();
    }
    for ordinal in 0..3 {
        set.server(ordinal).start_again();
        set.start_agent(ordinal, 3);
    }
    let primary = set.settled(3).await;
    for ordinal in 0..3 {
        assert_eq!(set.id(ordinal).await, id);
        assert!(!set.agent(ordinal).so_far().iter().any(|line| line.contains("made")));
    }
    ada_is_there(&set, primary).await;
    set.assert_users(primary).await;
}

async fn is_blank_and_not_ready(set: &mut Set, ordinal: u8) {
    let hello = set.server(ordinal).hello().await.unwrap();
    assert!(!hello.contains_key("setName"), "{hello}");
    assert!(!set.agent(ordinal).so_far().iter().any(|line| line.contains("made the set")));
    assert_eq!(set.get(ordinal, "/readyz").await.0, 503);
    assert_eq!(set.get(ordinal, "/livez").await.0, 200);
}

async fn ada_is_there(set: &Set, primary: u8) {
    let people =
        set.client_of(primary, "app", "app-1").await.database("auth").collection::<Document>("people");
    assert!(people.find_one(doc! { "_id": "ada" }).await.unwrap().is_some());
}
