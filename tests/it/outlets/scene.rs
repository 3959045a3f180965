//! A replica with one outlet, and somebody who gets what goes out.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        clock::{Clock, random},
        event::{Circumstances, Detail, Event, EventKind, Happening},
        finding::Finding,
        id::{EventId, UserId},
        outlet::OutletName,
    },
    flows::{
        Services,
        look_at_chain::look_at_chain,
        outlets::Outlet,
        publish_events::{Next, Progress, publish_events},
        seal_events::seal_events,
    },
    outlets::{Handed, NotTaken, Parcel, Way},
    store::Store,
    system::entropy::OsEntropy,
};

use crate::support::{clock::FrozenClock, replica::replica};

/// A receiver that keeps what it takes, and takes what it is told to.
#[derive(Clone, Default)]
pub(super) struct Receiver(pub(super) Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) taken: Vec<(EventId, String)>,
    /// What it says to this event, whenever it comes.
    pub(super) refuses: Option<(EventId, NotTaken)>,
    /// What it says to anything.
    pub(super) away: Option<NotTaken>,
    pub(super) asked: usize,
}

#[async_trait]
impl Way for Receiver {
    async fn hand_over(&self, parcels: &[Parcel], _: Timestamp) -> Handed {
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        if let Some(away) = state.away.clone() {
            let mut handed = Handed::default();
            handed.note(Err(away));
            return handed;
        }
        let mut handed = Handed::default();
        for parcel in parcels {
            let refused = state.refuses.clone().filter(|(refused, _)| *refused == parcel.id);
            if refused.is_none() {
                state.taken.push((parcel.id, parcel.body.clone()));
            }
            handed.note(refused.map_or(Ok(()), |(_, trouble)| Err(trouble)));
        }
        handed
    }

    /// Nobody asks.
    async fn look(&self, _: Duration) -> Vec<Finding> {
        Vec::new()
    }
}

impl Receiver {
    pub(super) fn taken(&self) -> Vec<EventId> {
        self.0.lock().unwrap().taken.iter().map(|(id, _)| *id).collect()
    }

    pub(super) fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

/// A replica with one outlet, and what it remembers of it.
pub(super) struct Scene {
    pub(super) services: Services,
    pub(super) clock: FrozenClock,
    pub(super) outlet: Outlet,
    pub(super) progress: Progress,
    pub(super) receiver: Receiver,
}

impl Scene {
    pub(super) async fn begin(store: &Arc<dyn Store>, clock: &FrozenClock, receiver: &Receiver) -> Self {
        let services = replica(store, clock, SignedDuration::ZERO);
        let way = Box::new(receiver.clone());
        let source = "https://ticketing.dev".to_owned();
        let outlet = Outlet::new(OutletName::nats(), way, None, source, &OsEntropy).unwrap();
        let (clock, receiver) = (clock.clone(), receiver.clone());
        let scene = Self { services, clock, outlet, progress: Progress::default(), receiver };
        scene.look().await;
        scene
    }

    pub(super) async fn fresh(store: &Arc<dyn Store>) -> Self {
        let clock = FrozenClock::new();
        store.migrate(clock.now()).await.unwrap();
        Self::begin(store, &clock, &Receiver::default()).await
    }

    /// Seals what there is, and sees it.
    pub(super) async fn look(&self) {
        while seal_events(&self.services).await.unwrap() {}
        while look_at_chain(&self.services).await.unwrap() {}
    }

    /// So many things happen and are sealed.
    pub(super) async fn happen(&self, kind: EventKind, count: usize) -> Vec<EventId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            self.clock.advance(SignedDuration::from_millis(1));
            let now = self.services.clock.now();
            let user = UserId::new(now, &OsEntropy).unwrap();
            let happening = Happening::by_user(kind, user, &Circumstances::default());
            let happening = happening.in_detail(Detail::of("what exactly"));
            let id = EventId::new(now, &OsEntropy).unwrap();
            let event = Event::of(happening, id, random(&OsEntropy).unwrap(), now);
            let event = event.stamped(|said| self.services.vault.stamp(said));
            self.services.store.add_event(&event).await.unwrap();
            ids.push(id);
        }
        self.look().await;
        ids
    }

    pub(super) async fn round(&mut self) -> Next {
        publish_events(&self.services, &self.outlet, &mut self.progress).await.unwrap()
    }

    /// The next wait after a failure, which is over when it is returned.
    pub(super) async fn wait(&mut self) -> Option<Duration> {
        loop {
            match self.round().await {
                Next::More => {}
                Next::After(pause) => {
                    self.clock.advance(SignedDuration::try_from(pause).unwrap());
                    return Some(pause);
                }
                Next::Nothing | Next::Elsewhere => return None,
            }
        }
    }

    /// Rounds until there is nothing to do.
    pub(super) async fn rounds(&mut self) {
        while self.round().await == Next::More {}
    }
}
