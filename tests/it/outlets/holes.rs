//! What the store does not show: waited for where it may come back, and passed only where it will not.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::event::EventKind,
    flows::publish_events::Next,
    store::sqlite::{Location, SqliteStore},
};
use rusqlite::Connection;

use super::scene::Scene;
use crate::support::folder::Folder;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A store in a file, at which somebody else is, too.
async fn begin() -> (Folder, Connection, Scene) {
    let folder = Folder::new();
    let file = folder.file("portcullis.db");
    let store = SqliteStore::open(Location::File(file.clone())).unwrap();
    let mut scene = Scene::fresh(&(Arc::new(store) as _)).await;
    scene.rounds().await;
    (folder, Connection::open(file).unwrap(), scene)
}

fn hide(raw: &Connection, which: &str) {
    raw.execute_batch(&format!(
        "CREATE TABLE hidden AS SELECT * FROM events WHERE {which}; DELETE FROM events WHERE {which}"
    ))
    .unwrap();
}

fn show(raw: &Connection) {
    raw.execute_batch("INSERT INTO events SELECT * FROM hidden; DROP TABLE hidden").unwrap();
}

#[tokio::test]
async fn a_hole_is_waited_for_and_in_the_end_passed_and_counted() {
    let (_folder, raw, mut scene) = begin().await;
    let ids = scene.happen(EventKind::SignedOut, 5).await;
    hide(&raw, "position = 3");
    scene.rounds().await;
    assert_eq!(scene.receiver.taken(), ids[..2]);
    show(&raw);
    hide(&raw, "position = 4");
    scene.rounds().await;
    assert_eq!((scene.receiver.taken(), scene.outlet.course.lost.count()), (ids[..3].to_vec(), 0));
    scene.clock.advance(MINUTE * 2);
    scene.rounds().await;
    let but_one = [&ids[..3], &ids[4..]].concat();
    assert_eq!((scene.receiver.taken(), scene.outlet.course.lost.count()), (but_one, 1));
}

/// As a server that has been cut off shows what there was before.
#[tokio::test]
async fn what_an_older_state_does_not_show_is_waited_for_however_long() {
    let (_folder, raw, mut scene) = begin().await;
    let ids = scene.happen(EventKind::SignedOut, 5).await;
    hide(&raw, "position > 2");
    for _ in 0..3 {
        assert_eq!(scene.round().await, Next::Nothing);
        scene.clock.advance(MINUTE * 2);
    }
    show(&raw);
    scene.rounds().await;
    assert_eq!((scene.receiver.taken(), scene.outlet.course.lost.count()), (ids, 0));
}

/// As where a copy has taken its place that lacks what was written last.
#[tokio::test]
async fn an_outlet_that_is_ahead_of_the_chain_goes_on_behind_its_end() {
    let (_folder, raw, mut scene) = begin().await;
    scene.happen(EventKind::SignedOut, 5).await;
    scene.rounds().await;
    raw.execute("DELETE FROM events WHERE position > 2", []).unwrap();
    scene.look().await;
    scene.clock.advance(SignedDuration::from_secs(11));
    scene.look().await;
    assert!(scene.services.journal.feed.is_broken());
    assert_eq!(scene.round().await, Next::Nothing);
    scene.clock.advance(MINUTE * 2);
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 2).await;
    scene.rounds().await;
    assert_eq!(scene.receiver.taken()[5..], ids);
}
