//! What a store promises about counting: what is tried, what waits, and what is forgotten.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        sealed::Sealed,
        secret::SecretDigest,
        throttle::{Attempt, Budget, Counter, Curve, Name, Pair, Stop, Stuffing, Tally, Try, WrongPair},
    },
    store::{BATCH, Count, Store},
};

use crate::support::people::People;

fn name(people: &People) -> Name {
    Name { digest: people.secret().digest(), label: Sealed::from_bytes(vec![0, 255, 7]) }
}

fn attempt(names: &[&Name], curve: Curve) -> Attempt {
    let counters = names.iter().map(|name| Counter { name: (*name).clone(), curve });
    Attempt { counters: counters.collect(), gates: Vec::new() }
}

fn wrong(network: &Name, people: &People) -> WrongPair {
    let pair = Pair::new(&people.secret().digest());
    WrongPair { network: network.clone(), pair, rule: Stuffing::PASSWORDS }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const STEP: SignedDuration = SignedDuration::from_millis(1);

pub(crate) async fn a_count_runs_to_its_end_and_begins_anew(store: Arc<dyn Store>, people: &People) {
    let (what, other, now) = (name(people), name(people), people.now());
    let count = async |what, now: Timestamp| {
        let count = store.count(what, u32::MAX, now + HOUR, now).await.unwrap();
        assert!(count.counted);
        (count.so_far, count.until)
    };
    for number in 1..=3 {
        assert_eq!(count(&what, now).await, (number, now + HOUR));
    }
    assert_eq!(count(&other, now).await, (1, now + HOUR));
    // What is asked for later does not move the end.
    assert_eq!(count(&what, now + HOUR - STEP).await, (4, now + HOUR));
    assert_eq!(count(&what, now + HOUR).await, (1, now + HOUR + HOUR));
}

pub(crate) async fn a_count_that_is_full_is_looked_at_and_not_written(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (what, now) = (name(people), people.now());
    let count = async |most, now: Timestamp| store.count(&what, most, now + HOUR, now).await.unwrap();
    for so_far in 1..=3 {
        assert_eq!(count(3, now).await, Count { so_far, counted: true, until: now + HOUR });
    }
    let full = Count { so_far: 3, counted: false, until: now + HOUR };
    for _ in 0..2 {
        assert_eq!(count(3, now + STEP).await, full);
        assert_eq!(count(2, now + STEP).await, full);
    }
    assert_eq!(count(4, now + STEP).await, Count { so_far: 4, counted: true, until: now + HOUR });
    let anew = Count { so_far: 1, counted: true, until: now + HOUR + HOUR };
    assert_eq!(count(3, now + HOUR).await, anew);
    let budget = Budget { most: 3, each: HOUR };
    store.take_back(&[Counter { name: what.clone(), curve: budget.curve() }], now + HOUR).await.unwrap();
    assert_eq!(count(3, now + HOUR).await, anew, "what was given back was never spent");
}

pub(crate) async fn of_fifty_who_count_at_once_each_counts(store: Arc<dyn Store>, people: &People) {
    let (what, now) = (name(people), people.now());
    let counted = join_all((0..50).map(|_| store.count(&what, u32::MAX, now + HOUR, now))).await;
    let mut counted: Vec<_> = counted.into_iter().map(|count| count.unwrap().so_far).collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=50).collect::<Vec<_>>());
}

pub(crate) async fn tries_wait_as_long_as_the_curve_says(store: Arc<dyn Store>, people: &People) {
    let (what, other) = (name(people), name(people));
    let curve = Curve { last: 30, ..Curve::PASSWORDS };
    let attempt = |what| attempt(&[what], curve);
    let mut now = people.now();
    for tries in 1..=30 {
        assert!(matches!(store.try_once(&attempt(&what), now).await.unwrap(), Try::May { .. }), "{tries}");
        let until = now + curve.pause(tries);
        if until > now {
            assert_eq!(
                store.try_once(&attempt(&what), now).await.unwrap(),
                Try::Wait { until, at: Stop::Counter }
            );
            assert_eq!(
                store.try_once(&attempt(&what), until - STEP).await.unwrap(),
                Try::Wait { until, at: Stop::Counter }
            );
        }
        now = until;
    }
    // The last pause is as long as anything is remembered, and after it the count begins anew.
    for _ in 1..=5 {
        assert!(matches!(store.try_once(&attempt(&what), now).await.unwrap(), Try::May { .. }));
    }
    assert!(matches!(store.try_once(&attempt(&other), now).await.unwrap(), Try::May { .. }));
    assert!(matches!(store.try_once(&attempt(&what), now).await.unwrap(), Try::Wait { .. }));
    store.forget_tries(&[what.digest, other.digest]).await.unwrap();
    assert!(matches!(store.try_once(&attempt(&what), now).await.unwrap(), Try::May { .. }));
}

pub(crate) async fn whoever_waits_for_one_counter_or_at_a_gate_counts_in_none(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (narrow, wide, gate, now) = (name(people), name(people), name(people), people.now());
    let both = attempt(&[&wide, &narrow], Curve::PASSWORDS);
    for _ in 0..5 {
        assert!(matches!(
            store.try_once(&attempt(&[&narrow], Curve::PASSWORDS), now).await.unwrap(),
            Try::May { .. }
        ));
    }
    let until = now + SignedDuration::from_secs(1);
    for _ in 0..3 {
        assert_eq!(store.try_once(&both, now).await.unwrap(), Try::Wait { until, at: Stop::Counter });
    }
    assert_eq!(tally(&*store, &wide, now).await, None);
    assert!(matches!(store.try_once(&both, until).await.unwrap(), Try::May { .. }));
    assert_eq!(tally(&*store, &wide, now).await.unwrap().count, 1);

    for _ in 0..15 {
        store.note_wrong_pair(&wrong(&gate, people), now).await.unwrap();
    }
    let barred = Attempt { gates: vec![gate.digest], ..attempt(&[&wide], Curve::PASSWORDS) };
    let until = now + SignedDuration::from_hours(24);
    assert_eq!(store.try_once(&barred, now).await.unwrap(), Try::Wait { until, at: Stop::Gate });
    assert!(matches!(store.try_once(&barred, until).await.unwrap(), Try::May { .. }));
}

pub(crate) async fn what_was_taken_back_was_never_tried(store: Arc<dyn Store>, people: &People) {
    let (what, now) = (name(people), people.now());
    let attempt = attempt(&[&what], Curve::PASSWORDS);
    for _ in 0..5 {
        assert!(matches!(store.try_once(&attempt, now).await.unwrap(), Try::May { .. }));
    }
    store.take_back(&attempt.counters, now).await.unwrap();
    assert!(matches!(store.try_once(&attempt, now).await.unwrap(), Try::May { .. }));
    let until = now + SignedDuration::from_secs(1);
    assert!(matches!(store.try_once(&attempt, until).await.unwrap(), Try::May { .. }));
    // One of the first five: there are five without it, and the next one waits for a second after the latest.
    store.take_back(&attempt.counters, now).await.unwrap();
    let later = until + SignedDuration::from_secs(1);
    assert_eq!(store.try_once(&attempt, until).await.unwrap(), Try::Wait { until: later, at: Stop::Counter });
    for _ in 0..9 {
        store.take_back(&attempt.counters, now).await.unwrap();
    }
    assert!(tally(&*store, &what, now).await.is_none_or(|tally| tally.count == 0));
    assert!(matches!(store.try_once(&attempt, until).await.unwrap(), Try::May { .. }));
}

pub(crate) async fn the_latest_that_is_taken_back_keeps_nobody_waiting(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (what, curve, mut now) = (name(people), Curve { last: 8, ..Curve::PASSWORDS }, people.now());
    let attempt = attempt(&[&what], curve);
    for tries in 1..=8 {
        assert!(matches!(store.try_once(&attempt, now).await.unwrap(), Try::May { .. }), "{tries}");
        now += if tries < 8 { curve.pause(tries) } else { SignedDuration::ZERO };
    }
    let last = tally(&*store, &what, now).await.unwrap();
    assert_eq!((last.count, last.waits_until), (8, Some(now + curve.memory)));
    // As if the latest had never been: it could come at once, and so can the next.
    for _ in 0..2 {
        store.take_back(&attempt.counters, now).await.unwrap();
        let left = tally(&*store, &what, now).await.unwrap();
        assert_eq!((left.count, left.waits_until), (7, None));
        assert!(matches!(store.try_once(&attempt, now).await.unwrap(), Try::May { .. }));
        let last = tally(&*store, &what, now).await.unwrap();
        assert_eq!((last.count, last.waits_until), (8, Some(now + curve.memory)));
    }
    // Without some of those before, what was tried by then is still the latest.
    let before = now - SignedDuration::from_secs(1);
    for tries in (5..8).rev() {
        store.take_back(&attempt.counters, before).await.unwrap();
        let left = tally(&*store, &what, now).await.unwrap();
        assert_eq!((left.count, left.waits_until), (tries, Some(now + curve.pause(tries))));
        assert_eq!(left.forgotten_at, now + curve.memory);
    }
    store.take_back(&attempt.counters, before).await.unwrap();
    let left = tally(&*store, &what, now).await.unwrap();
    assert_eq!((left.count, left.waits_until, left.forgotten_at), (4, None, now + curve.brief));
}

pub(crate) async fn few_tries_are_forgotten_sooner_than_many(store: Arc<dyn Store>, people: &People) {
    let (what, now) = (name(people), people.now());
    let attempt = attempt(&[&what], Curve::PASSWORDS);
    let Curve { brief, memory, .. } = Curve::PASSWORDS;
    for tries in 1..=5 {
        store.try_once(&attempt, now).await.unwrap();
        let forgotten_at = tally(&*store, &what, now).await.unwrap().forgotten_at;
        assert_eq!(forgotten_at, now + if tries < 5 { brief } else { memory }, "{tries}");
    }
    // What has been forgotten begins with few of them again, however many there were.
    let later = now + memory;
    store.try_once(&attempt, later).await.unwrap();
    let anew = tally(&*store, &what, later).await.unwrap();
    assert_eq!((anew.count, anew.waits_until, anew.forgotten_at), (1, None, later + brief));
}

async fn tally(store: &dyn Store, name: &Name, now: Timestamp) -> Option<Tally> {
    store.tallies(None, now).await.unwrap().into_iter().find(|tally| tally.digest == name.digest)
}

pub(crate) async fn r_01_of_fifty_who_try_at_once_as_many_may_as_may(store: Arc<dyn Store>, people: &People) {
    let (one, other, now) = (name(people), name(people), people.now());
    let attempt = attempt(&[&one, &other], Curve::PASSWORDS);
    let tried = join_all((0..50).map(|_| store.try_once(&attempt, now))).await;
    let may = tried.iter().filter(|tried| matches!(tried, Ok(Try::May { .. }))).count();
    let wait = tried.iter().filter(|tried| matches!(tried, Ok(Try::Wait { .. }))).count();
    assert!((1..=5).contains(&may) && may + wait == 50, "{tried:?}");
}

pub(crate) async fn c_51_fifteen_different_pairs_in_three_hours_make_a_network_wait_a_day(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (network, other, now) = (name(people), name(people), people.now());
    let same = wrong(&network, people);
    for _ in 0..30 {
        assert_eq!(store.note_wrong_pair(&same, now).await.unwrap(), None, "one pair is one");
    }
    for _ in 0..13 {
        assert_eq!(store.note_wrong_pair(&wrong(&network, people), now).await.unwrap(), None);
        assert_eq!(store.note_wrong_pair(&wrong(&other, people), now).await.unwrap(), None);
    }
    assert_eq!(tally(&*store, &network, now).await.unwrap().count, 14);
    // Three hours after a pair it is none of the fifteen any more.
    let later = now + Stuffing::PASSWORDS.within;
    assert_eq!(store.note_wrong_pair(&wrong(&other, people), later - STEP).await.unwrap(), None);
    assert_eq!(store.note_wrong_pair(&wrong(&other, people), later).await.unwrap(), None);
    assert_eq!(tally(&*store, &other, later).await.unwrap().count, 2);

    let until = now + Stuffing::PASSWORDS.pause;
    assert_eq!(store.note_wrong_pair(&wrong(&network, people), now).await.unwrap(), Some(until));
    assert_eq!(tally(&*store, &network, now).await.unwrap().waits_until, Some(until));
    // What was under way by then begins the next fifteen, and takes nothing back.
    assert_eq!(store.note_wrong_pair(&wrong(&network, people), now).await.unwrap(), None);
    assert_eq!(tally(&*store, &network, now).await.unwrap().waits_until, Some(until));
    store.forget_tries(&[network.digest]).await.unwrap();
    assert_eq!(tally(&*store, &network, now).await, None);
    assert_eq!(store.note_wrong_pair(&wrong(&network, people), now).await.unwrap(), None);
    assert_eq!(tally(&*store, &network, now).await.unwrap().count, 1);
}

pub(crate) async fn of_thirty_pairs_at_once_one_makes_the_network_wait_or_two(
    store: Arc<dyn Store>,
    people: &People,
) {
    let (network, now) = (name(people), people.now());
    let pairs: Vec<_> = (0..30).map(|_| wrong(&network, people)).collect();
    let noted = join_all(pairs.iter().map(|pair| store.note_wrong_pair(pair, now))).await;
    let waits = noted.into_iter().filter(|noted| noted.as_ref().unwrap().is_some()).count();
    assert_eq!(waits, 2);
}

pub(crate) async fn every_count_that_runs_is_listed_once(store: Arc<dyn Store>, people: &People) {
    let now = people.now();
    let names: Vec<_> = (0..BATCH + 2).map(|_| name(people)).collect();
    for batch in names.chunks(50) {
        join_all(batch.iter().map(|name| store.count(name, u32::MAX, now + HOUR, now))).await;
    }
    let over = name(people);
    store.count(&over, u32::MAX, now, now - HOUR).await.unwrap();
    let first = store.tallies(None, now).await.unwrap();
    assert_eq!(first.len(), BATCH);
    let rest = store.tallies(first.last().map(|tally| tally.digest), now).await.unwrap();
    let mut listed: Vec<_> = first.into_iter().chain(rest).collect();
    assert!(listed.iter().all(|tally| tally.label.as_ref() == Some(&over.label) && tally.count == 1));
    assert!(listed.is_sorted_by_key(|tally| *tally.digest.as_bytes()), "in order");
    listed.dedup_by_key(|tally| tally.digest);
    let mut wanted: Vec<SecretDigest> = names.into_iter().map(|name| name.digest).collect();
    wanted.sort_unstable_by_key(|digest| *digest.as_bytes());
    assert_eq!(listed.into_iter().map(|tally| tally.digest).collect::<Vec<_>>(), wanted);
}
