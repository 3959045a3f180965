//! Round after round: what goes out, what waits, and what is given up.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::{
    domain::event::EventKind,
    flows::publish_events::{Next, stop_publishing},
    outlets::NotTaken,
    store::Store,
};
use serde_json::Value;

use super::scene::{Receiver, Scene};
use crate::support::stores::on_both_stores;

on_both_stores!(
    events_go_out_in_their_order_and_once,
    a_new_outlet_begins_with_what_happens_then,
    whoever_lost_an_outlet_moves_nothing_and_the_next_leaves_nothing_out,
    an_outlet_that_is_left_is_taken_up_at_once,
    what_is_refused_while_others_are_taken_is_given_up_and_the_rest_goes,
    whoever_refuses_everything_loses_nothing,
    one_that_is_refused_alone_waits_for_another_to_be_taken,
    nothing_is_given_up_because_nobody_is_there,
    what_expired_before_it_could_go_is_counted_and_the_rest_goes,
    only_what_is_wanted_goes_and_the_place_moves_on,
);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

async fn events_go_out_in_their_order_and_once(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    // More than go out at once.
    let ids = scene.happen(EventKind::SignedOut, 150).await;
    scene.rounds().await;
    scene.rounds().await;
    assert_eq!(scene.receiver.taken(), ids);
    assert_eq!(scene.receiver.asked(), 3);
    assert_eq!((scene.outlet.course.taken.count(), scene.outlet.course.behind()), (150, Some(0)));
    let state = scene.receiver.0.lock().unwrap();
    let told: Vec<Value> = state.taken.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    let sequences: Vec<_> = told.iter().map(|told| told["sequence"].as_str().unwrap().to_owned()).collect();
    assert!(sequences.is_sorted() && sequences.iter().all(|sequence| sequence.len() == 20), "{sequences:?}");
    assert_eq!(told[0]["type"], "portcullis.signed_out");
    assert_eq!(told[0]["id"], told[0]["data"]["id"]);
    assert_eq!(told[0]["data"]["detail"], "what exactly");
}

async fn a_new_outlet_begins_with_what_happens_then(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.happen(EventKind::SignedOut, 3).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 2).await;
    scene.rounds().await;
    assert_eq!(scene.receiver.taken(), ids);
}

/// As when a process stands still for longer than its time with an outlet is.
async fn whoever_lost_an_outlet_moves_nothing_and_the_next_leaves_nothing_out(store: Arc<dyn Store>) {
    let mut ada = Scene::fresh(&store).await;
    ada.rounds().await;
    let receiver = Receiver::default();
    let mut grace = Scene::begin(&store, &ada.clock, &receiver).await;
    assert_eq!(grace.round().await, Next::Elsewhere);
    let first = ada.happen(EventKind::SignedOut, 2).await;
    ada.rounds().await;
    assert_eq!(ada.receiver.taken(), first);
    ada.clock.advance(SECOND * 46);
    let second = ada.happen(EventKind::SignedOut, 2).await;
    grace.look().await;
    grace.rounds().await;
    assert_eq!(receiver.taken(), second, "from where it was");
    assert_eq!(ada.round().await, Next::Elsewhere);
    let third = ada.happen(EventKind::SignedOut, 1).await;
    ada.rounds().await;
    grace.look().await;
    grace.rounds().await;
    assert_eq!((ada.receiver.taken(), receiver.taken()), (first, [second, third].concat()));
}

async fn an_outlet_that_is_left_is_taken_up_at_once(store: Arc<dyn Store>) {
    let mut ada = Scene::fresh(&store).await;
    ada.rounds().await;
    let mut grace = Scene::begin(&store, &ada.clock, &ada.receiver).await;
    stop_publishing(&ada.services, &ada.outlet, ada.progress).await.unwrap();
    let ids = grace.happen(EventKind::SignedOut, 1).await;
    grace.rounds().await;
    assert_eq!(grace.receiver.taken(), ids);
}

async fn what_is_refused_while_others_are_taken_is_given_up_and_the_rest_goes(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 5).await;
    let refusal = NotTaken::NotThisOne("the receiver answered 400".to_owned());
    scene.receiver.0.lock().unwrap().refuses = Some((ids[2], refusal));
    scene.rounds().await;
    let but_one: Vec<_> = ids.iter().copied().filter(|id| *id != ids[2]).collect();
    assert_eq!(scene.receiver.taken(), but_one, "each once");
    let course = &scene.outlet.course;
    assert_eq!((course.taken.count(), course.given_up.count(), course.behind()), (4, 1, Some(0)));
    assert!(scene.outlet.course.trouble.stuck().is_none());
}

/// As where a secret was changed on one side only.
async fn whoever_refuses_everything_loses_nothing(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 3).await;
    let refusal = NotTaken::NotThisOne("the receiver answered 400".to_owned());
    scene.receiver.0.lock().unwrap().away = Some(refusal);
    for _ in 0..20 {
        scene.wait().await.expect("it waits");
    }
    assert_eq!((scene.outlet.course.given_up.count(), scene.outlet.course.behind()), (0, Some(3)));
    scene.receiver.0.lock().unwrap().away = None;
    scene.rounds().await;
    assert_eq!(scene.receiver.taken(), ids);
}

/// Who is offered one event alone may not want it, or may not want any: the next one tells.
async fn one_that_is_refused_alone_waits_for_another_to_be_taken(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let refused = scene.happen(EventKind::SignedOut, 1).await;
    let refusal = NotTaken::NotThisOne("the receiver answered 400".to_owned());
    scene.receiver.0.lock().unwrap().refuses = Some((refused[0], refusal));
    for _ in 0..10 {
        scene.wait().await.expect("it waits");
    }
    assert_eq!(scene.outlet.course.given_up.count(), 0);
    let ids = scene.happen(EventKind::SignedOut, 1).await;
    scene.rounds().await;
    assert_eq!((scene.receiver.taken(), scene.outlet.course.given_up.count()), (ids, 1));
}

async fn nothing_is_given_up_because_nobody_is_there(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 2).await;
    scene.receiver.0.lock().unwrap().away = Some(NotTaken::NotNow("no answer in time".to_owned()));
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        longest = longest.max(scene.wait().await.expect("it waits"));
        // However long it waits, it stays with whoever waits.
        let mut another = Scene::begin(&store, &scene.clock, &Receiver::default()).await;
        assert_eq!(another.round().await, Next::Elsewhere);
        assert_eq!(another.outlet.course.behind(), Some(2), "and everybody sees what waits");
    }
    assert!((Duration::from_mins(3)..=Duration::from_mins(5)).contains(&longest), "{longest:?}");
    let course = &scene.outlet.course;
    assert_eq!((course.failed.count(), course.given_up.count(), course.behind()), (20, 0, Some(2)));
    assert_eq!(course.trouble.stuck().unwrap().cause, "no answer in time");
    scene.receiver.0.lock().unwrap().away = None;
    scene.rounds().await;
    assert_eq!(scene.receiver.taken(), ids);
    assert!(scene.outlet.course.trouble.stuck().is_none());
}

async fn what_expired_before_it_could_go_is_counted_and_the_rest_goes(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    scene.happen(EventKind::SignedOut, 3).await;
    scene.clock.advance(scene.services.journal.retention + SECOND);
    let ids = scene.happen(EventKind::SignedOut, 2).await;
    scene.rounds().await;
    assert_eq!((scene.receiver.taken(), scene.outlet.course.lost.count()), (ids, 3));
    scene.happen(EventKind::SignedOut, 4).await;
    scene.clock.advance(scene.services.journal.retention + SECOND);
    scene.rounds().await;
    assert_eq!((scene.outlet.course.behind(), scene.outlet.course.lost.count()), (Some(0), 7));
}

async fn only_what_is_wanted_goes_and_the_place_moves_on(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.outlet.kinds = Some(vec![EventKind::SignedIn]);
    scene.rounds().await;
    scene.happen(EventKind::SignedOut, 70).await;
    let ids = scene.happen(EventKind::SignedIn, 1).await;
    scene.happen(EventKind::SignedOut, 1).await;
    scene.rounds().await;
    assert_eq!((scene.receiver.taken(), scene.outlet.course.behind()), (ids, Some(0)));
    assert_eq!(scene.receiver.asked(), 1);
}
