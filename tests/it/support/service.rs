//! The real service in this process, over real sockets, with a clock that the test holds.

use std::{collections::BTreeMap, io::ErrorKind, net::SocketAddr, sync::Arc, thread};

use portcullis::{
    app::{App, Leave, World},
    config::{Config, Sources},
    store::{
        Store,
        sqlite::{Location, SqliteStore},
    },
    system::{clock::Stopwatch, entropy::OsEntropy},
};
use tokio::sync::oneshot;

use super::clock::FrozenClock;

/// Ends when it is dropped, in good order.
pub(crate) struct Service {
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) clock: FrozenClock,
    pub(crate) store: Arc<dyn Store>,
    leave: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Cheap hashes and any free ports; a test adds what it is about.
const SETTINGS: [(&str, &str); 7] = [
    ("PORTCULLIS_PUBLIC_LISTEN", "127.0.0.1:0"),
    ("PORTCULLIS_INTERNAL_LISTEN", "127.0.0.1:0"),
    ("PORTCULLIS_PASSWORD_COST", "node"),
    ("PORTCULLIS_STORE_URL", "sqlite::memory:"),
    ("PORTCULLIS_MAIL_URL", "none:"),
    ("PORTCULLIS_THROTTLE_PRESET", "off"),
    // Two services on one store are replicas, which share it.
    ("PORTCULLIS_KEY_SECRET", KEY_SECRET),
];

pub(crate) const KEY_SECRET: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The origin that [`SETTINGS`] leave at its default.
pub(crate) const ORIGIN: &str = "http://localhost:3000";

pub(crate) fn config(settings: &[(&str, &str)]) -> Config {
    let vars: BTreeMap<_, _> = SETTINGS.iter().chain(settings).map(|&(name, value)| (name, value)).collect();
    let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    Config::read(&Sources { vars, terminal: false, read_file: &|_| Err(ErrorKind::NotFound.into()) }).unwrap()
}

impl Service {
    /// On the embedded store, in memory.
    pub(crate) async fn start() -> Self {
        Self::with(Arc::new(SqliteStore::open(Location::Memory).unwrap()), &[]).await
    }

    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        Self::with(store, &[]).await
    }

    pub(crate) async fn with(store: Arc<dyn Store>, settings: &[(&str, &str)]) -> Self {
        Self::at(store, settings, FrozenClock::new()).await
    }

    /// With the clock of somebody else.
    pub(crate) async fn at(store: Arc<dyn Store>, settings: &[(&str, &str)], clock: FrozenClock) -> Self {
        let config = config(settings);
        let world = World {
            store: Arc::clone(&store),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(OsEntropy),
            begun: Stopwatch::start(),
        };
        let (leave, left) = oneshot::channel();
        let (ready, when_ready) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let app = App::build(&config, world).unwrap();
                let sockets = (app.public().unwrap(), app.internal().unwrap());
                let leave = async {
                    let _ = left.await;
                    Leave::AtOnce
                };
                app.run(|_| ready.send(sockets).unwrap(), leave).await.unwrap();
            });
        });
        let (public, internal) = when_ready.await.expect("the service starts");
        Self { public, internal, clock, store, leave: Some(leave), thread: Some(thread) }
    }

    /// Asks the service to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        drop(self.leave.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}
