//! Round after round: what goes out, what waits, and what is given up.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        clock::random,
        event::{Circumstances, Event, EventKind, Happening},
        id::{EventId, UserId},
        outlet::OutletName,
    },
    flows::{
        Services,
        look_at_chain::look_at_chain,
        outlets::Outlet,
        publish_events::{PAUSE, Progress, publish_events, stop_publishing},
        seal_events::seal_events,
    },
    outlets::{Handed, NotTaken, Parcel, Way},
    store::Store,
    system::entropy::OsEntropy,
};
use serde_json::Value;

use crate::support::{clock::FrozenClock, replica::replica, stores::on_both_stores};

on_both_stores!(
    events_go_out_in_their_order_and_once,
    a_new_outlet_begins_with_what_happens_then,
    whoever_lost_an_outlet_moves_nothing_and_the_next_leaves_nothing_out,
    an_outlet_that_is_left_is_taken_up_at_once,
    what_is_refused_again_and_again_is_given_up_and_the_rest_goes,
    nothing_is_given_up_because_nobody_is_there,
    what_expired_before_it_could_go_is_counted_and_the_rest_goes,
    only_what_is_wanted_goes_and_the_place_moves_on,
);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// A receiver that keeps what it takes, and takes what it is told to.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    taken: Vec<(EventId, String)>,
    /// What it says to this event, whenever it comes.
    refuses: Option<(EventId, NotTaken)>,
    /// What it says to anything.
    away: Option<NotTaken>,
    asked: usize,
}

#[async_trait]
impl Way for Receiver {
    async fn hand_over(&self, parcels: &[Parcel], _: Timestamp) -> Handed {
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        if let Some(away) = state.away.clone() {
            return Handed { taken: 0, trouble: Some(away), later: false };
        }
        for (index, parcel) in parcels.iter().enumerate() {
            match state.refuses.clone() {
                Some((refused, trouble)) if refused == parcel.id => {
                    return Handed { taken: index, trouble: Some(trouble), later: false };
                }
                _ => state.taken.push((parcel.id, parcel.body.clone())),
            }
        }
        Handed { taken: parcels.len(), trouble: None, later: false }
    }
}

impl Receiver {
    fn taken(&self) -> Vec<EventId> {
        self.0.lock().unwrap().taken.iter().map(|(id, _)| *id).collect()
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

/// A replica with one outlet, and what it remembers of it.
struct Scene {
    services: Services,
    clock: FrozenClock,
    outlet: Outlet,
    progress: Progress,
    receiver: Receiver,
}

impl Scene {
    async fn begin(store: &Arc<dyn Store>, clock: &FrozenClock, receiver: &Receiver) -> Self {
        let services = replica(store, clock, SignedDuration::ZERO);
        let way = Box::new(receiver.clone());
        let source = "https://ticketing.dev".to_owned();
        let outlet = Outlet::new(OutletName::nats(), way, None, source, &OsEntropy).unwrap();
        let (clock, receiver) = (clock.clone(), receiver.clone());
        let scene = Self { services, clock, outlet, progress: Progress::default(), receiver };
        scene.look().await;
        scene
    }

    async fn fresh(store: &Arc<dyn Store>) -> Self {
        let clock = FrozenClock::new();
        store.migrate(portcullis::domain::clock::Clock::now(&clock)).await.unwrap();
        Self::begin(store, &clock, &Receiver::default()).await
    }

    /// Seals what there is, and sees it.
    async fn look(&self) {
        while seal_events(&self.services).await.unwrap() {}
        while look_at_chain(&self.services).await.unwrap() {}
    }

    /// So many things happen and are sealed.
    async fn happen(&self, kind: EventKind, count: usize) -> Vec<EventId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            self.clock.advance(SignedDuration::from_millis(1));
            let now = self.services.clock.now();
            let user = UserId::new(now, &OsEntropy).unwrap();
            let happening = Happening::by_user(kind, user, &Circumstances::default());
            let id = EventId::new(now, &OsEntropy).unwrap();
            let event = Event::of(happening, id, random(&OsEntropy).unwrap(), now);
            self.services.store.add_event(&event).await.unwrap();
            ids.push(id);
        }
        self.look().await;
        ids
    }

    async fn round(&mut self) -> Duration {
        publish_events(&self.services, &self.outlet, &mut self.progress).await.unwrap()
    }

    /// Rounds until there is nothing to do.
    async fn rounds(&mut self) {
        while self.round().await == Duration::ZERO {}
    }
}

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
    assert!(grace.round().await > PAUSE, "it is somebody else's");
    assert_eq!(grace.outlet.course.behind(), None);
    let first = ada.happen(EventKind::SignedOut, 2).await;
    ada.rounds().await;
    assert_eq!(ada.receiver.taken(), first);
    ada.clock.advance(SECOND * 31);
    let second = ada.happen(EventKind::SignedOut, 2).await;
    grace.look().await;
    grace.rounds().await;
    assert_eq!(receiver.taken(), second, "from where it was");
    assert!(ada.round().await > PAUSE, "it is somebody else's by now");
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

async fn what_is_refused_again_and_again_is_given_up_and_the_rest_goes(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 5).await;
    let refusal = NotTaken::NotThisOne("the receiver answered 400".to_owned());
    scene.receiver.0.lock().unwrap().refuses = Some((ids[2], refusal));
    let mut pauses = Vec::new();
    loop {
        let pause = scene.round().await;
        if pause == PAUSE && scene.outlet.course.behind() == Some(0) {
            break;
        }
        scene.clock.advance(SignedDuration::try_from(pause).unwrap());
        pauses.push(pause);
    }
    let but_one: Vec<_> = ids.iter().copied().filter(|id| *id != ids[2]).collect();
    assert_eq!(scene.receiver.taken(), but_one);
    let waited = pauses.iter().filter(|pause| !pause.is_zero()).count();
    assert_eq!((waited, scene.outlet.course.given_up.count()), (5, 1), "{pauses:?}");
    assert!(scene.outlet.course.trouble.stuck().is_none());
}

async fn nothing_is_given_up_because_nobody_is_there(store: Arc<dyn Store>) {
    let mut scene = Scene::fresh(&store).await;
    scene.rounds().await;
    let ids = scene.happen(EventKind::SignedOut, 2).await;
    scene.receiver.0.lock().unwrap().away = Some(NotTaken::NotNow("no answer in time".to_owned()));
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let pause = scene.round().await;
        longest = longest.max(pause);
        // However long it waits, it stays with whoever waits.
        let mut another = Scene::begin(&store, &scene.clock, &Receiver::default()).await;
        assert!(another.round().await > PAUSE);
        scene.clock.advance(SignedDuration::try_from(pause).unwrap());
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
