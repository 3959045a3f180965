//! What a store promises about outlets: one at a time fills each, from where it was on.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use portcullis::{
    domain::{
        event::{Circumstances, Event, EventKind, Happening, Head},
        outlet::{Holder, OutletName, Taken, Taking},
        record::Record,
        webhook::ReceiverName,
    },
    store::{Store, StoreError},
};

use super::events::{seal, written};
use crate::support::{entropy::SeededEntropy, people::People, records::exported};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const STEP: SignedDuration = SignedDuration::from_millis(1);

/// Processes, each other than those before.
fn holders<const COUNT: usize>() -> [Holder; COUNT] {
    let entropy = SeededEntropy::new(7);
    std::array::from_fn(|_| Holder::new(&entropy).unwrap())
}

async fn take(store: &dyn Store, holder: Holder, people: &People) -> Option<u64> {
    let taking = Taking { holder, until: people.now() + MINUTE, first: 7 };
    ours(store.take_outlet(&OutletName::nats(), taking, people.now()).await.unwrap())
}

fn ours(taken: Taken) -> Option<u64> {
    match taken {
        Taken::Ours { position } => Some(position),
        Taken::Elsewhere { .. } => None,
    }
}

async fn go(store: &dyn Store, holder: Holder, from: u64, to: u64) -> Result<(), StoreError> {
    store.move_outlet(&OutletName::nats(), holder, from, to).await
}

pub(crate) async fn an_outlet_is_one_s_until_its_time_is_over_or_it_is_left(
    store: Arc<dyn Store>,
    people: &People,
) {
    let [ada, grace] = holders();
    assert_eq!(take(&*store, ada, people).await, Some(7));
    people.clock.advance(MINUTE - STEP);
    assert_eq!(take(&*store, grace, people).await, None);
    people.clock.advance(STEP);
    assert_eq!(take(&*store, grace, people).await, Some(7));
    assert_eq!(take(&*store, ada, people).await, None);
    // Whoever has it may say again and again that it is theirs.
    assert_eq!(take(&*store, grace, people).await, Some(7));
    store.leave_outlet(&OutletName::nats(), ada).await.unwrap();
    assert_eq!(take(&*store, ada, people).await, None, "left by somebody who did not have it");
    store.leave_outlet(&OutletName::nats(), grace).await.unwrap();
    assert_eq!(take(&*store, ada, people).await, Some(7));
}

pub(crate) async fn an_outlet_goes_on_where_it_was_whoever_has_it(store: Arc<dyn Store>, people: &People) {
    let [ada, grace] = holders();
    take(&*store, ada, people).await;
    go(&*store, ada, 7, 9).await.unwrap();
    // Who is not sure whether that was noted is told that it was.
    for elsewhere in [7, 8, 10] {
        let moved = go(&*store, ada, elsewhere, 12).await;
        assert!(matches!(moved, Err(StoreError::Stale)), "{elsewhere}: {moved:?}");
    }
    assert_eq!(take(&*store, ada, people).await, Some(9));
    let taking = Taking { holder: grace, until: people.now() + MINUTE, first: 7 };
    let taken = store.take_outlet(&OutletName::nats(), taking, people.now()).await.unwrap();
    assert_eq!(taken, Taken::Elsewhere { position: 9 });
    people.clock.advance(MINUTE);
    assert_eq!(take(&*store, grace, people).await, Some(9));
    go(&*store, grace, 9, 3).await.unwrap();
    assert_eq!(take(&*store, grace, people).await, Some(3));
}

pub(crate) async fn whoever_has_lost_an_outlet_notes_nothing(store: Arc<dyn Store>, people: &People) {
    let [ada, grace, nobody] = holders();
    take(&*store, ada, people).await;
    people.clock.advance(MINUTE);
    take(&*store, grace, people).await;
    for stranger in [ada, nobody] {
        let noted = go(&*store, stranger, 7, 100).await;
        assert!(matches!(noted, Err(StoreError::Stale)), "{noted:?}");
    }
    assert_eq!(take(&*store, grace, people).await, Some(7));
}

/// As somebody would whose clock is a day ahead.
pub(crate) async fn what_was_taken_up_for_longer_than_anybody_may_is_free(
    store: Arc<dyn Store>,
    people: &People,
) {
    let [ada, grace] = holders();
    let taking = Taking { holder: ada, until: people.now() + MINUTE * 60 * 24, first: 7 };
    store.take_outlet(&OutletName::nats(), taking, people.now()).await.unwrap();
    assert_eq!(take(&*store, grace, people).await, Some(7));
    let taking = Taking { holder: ada, until: people.now() + Taking::LONGEST, first: 7 };
    people.clock.advance(MINUTE);
    store.take_outlet(&OutletName::nats(), taking, people.now()).await.unwrap();
    assert_eq!(take(&*store, grace, people).await, None);
}

pub(crate) async fn of_fifty_who_want_an_outlet_one_gets_it(store: Arc<dyn Store>, people: &People) {
    for _ in 0..2 {
        let tries = holders::<50>().map(|holder| take(&*store, holder, people));
        let taken = join_all(tries).await.into_iter().flatten().count();
        assert_eq!(taken, 1);
        people.clock.advance(MINUTE);
    }
}

pub(crate) async fn outlets_know_nothing_of_each_other(store: Arc<dyn Store>, people: &People) {
    let [ada, grace] = holders();
    take(&*store, ada, people).await;
    go(&*store, ada, 7, 9).await.unwrap();
    let taking = Taking { holder: grace, until: people.now() + MINUTE, first: 0 };
    let other = OutletName::webhook(&ReceiverName::parse("audit").unwrap());
    let taken = store.take_outlet(&other, taking, people.now()).await.unwrap();
    assert_eq!(taken, Taken::Ours { position: 0 });
    store.move_outlet(&other, grace, 0, 3).await.unwrap();
    assert_eq!(take(&*store, ada, people).await, Some(9));
}

/// The chain that comes may be longer or shorter than the one that was there.
pub(crate) async fn after_an_import_an_outlet_goes_on_behind_it(store: Arc<dyn Store>, people: &People) {
    let [ada] = holders();
    for _ in 0..3 {
        store.add_event(&signed_out(people)).await.unwrap();
    }
    seal(&*store, &Head::NONE, MINUTE * 60).await;
    let records = exported(&*store).await;
    take(&*store, ada, people).await;
    go(&*store, ada, 7, 100).await.unwrap();
    for (brought, end) in [(records, 3), (Vec::<Record>::new(), 0)] {
        let begun = people.now();
        store.begin_import(begun).await.unwrap();
        store.import(brought).await.unwrap();
        store.end_import(begun).await.unwrap();
        assert_eq!(take(&*store, ada, people).await, Some(end));
    }
}

fn signed_out(people: &People) -> Event {
    let user = people.user("ada@example.org");
    written(Happening::by_user(EventKind::SignedOut, user.id(), &Circumstances::default()), people)
}
