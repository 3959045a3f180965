//! The composition root: from a configuration to a running service. The only module that knows concrete types.

mod authorities;
mod backups;
mod beside;
#[cfg(feature = "kube")]
mod cluster;
mod doctor;
mod doors;
mod jobs;
mod keys;
mod nats;
mod outlets;
mod post;
mod rules;
mod users;
mod webhooks;

use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc, thread, time::Duration};

use actix_web::web::Data;
use secrecy::ExposeSecret;
use tokio::{sync::oneshot, time::timeout};

use self::{doors::Doors, jobs::Jobs};
use crate::{
    config::{Config, StoreUrl},
    domain::clock::{Clock, Entropy},
    flows::{
        Services,
        journal::{Journal, Pen},
        memory::Memory,
        meters::Meters,
        readiness::Readiness,
        unnamed::Unnamed,
        vitals::LastVitals,
    },
    http::{
        Site,
        client::TrustedProxies,
        requests::Requests,
        server::{Listeners, Stop},
    },
    store::{
        BoxError, MigrateError, Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::{
        clock::{Stopwatch, SystemClock},
        entropy::OsEntropy,
        hashing::{HashingPool, Room},
        vault::Vault,
    },
    worker,
};

pub use backups::{Wanted, check_backup, identity, list_backups, restore, with_backups};
pub use beside::{with_pen, with_store, with_vault};
#[cfg(feature = "kube")]
pub use cluster::{examine_cluster, make_secrets};
pub use doctor::{look_around, look_here};
pub use keys::with_keys;
pub use users::{ImportFrom, NoSource, import_users, newcomers};

/// How long a load balancer gets to notice that we are leaving before we refuse what it sends.
const NOTICE: Duration = Duration::from_secs(1);

/// The end takes no longer, whatever hangs: with the notice before it and the log after it, less than Kubernetes' grace period of 30 seconds.
const FAREWELL: Duration = Duration::from_secs(25);

const STORE_URL: &str = "PORTCULLIS_STORE_URL";
const DATA_DIR: &str = "PORTCULLIS_DATA_DIR";

/// What is outside and can be another one in a test.
pub struct World {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Since when it is there.
    pub begun: Stopwatch,
}

/// A service that listens and will serve once it is run.
pub struct App {
    services: Data<Services>,
    site: Arc<Site>,
    doors: Doors,
    begun: Stopwatch,
}

/// How the end was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// By somebody at the keyboard.
    AtOnce,
    /// By an orchestrator, whose load balancer has yet to notice.
    AfterNotice,
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    #[error("portcullis cannot start: {variable} {address}: cannot listen there: {source}")]
    Listen { variable: &'static str, address: SocketAddr, source: io::Error },
    #[error("portcullis cannot start: {prefix}_TLS_CERT_FILE, {prefix}_TLS_KEY_FILE: {source}")]
    Tls { prefix: &'static str, source: BoxError },
    #[error("portcullis cannot start: {variable}: {source}")]
    Store { variable: &'static str, source: BoxError },
    #[error("portcullis cannot start: {variable}: {source}")]
    Setting { variable: &'static str, source: BoxError },
    #[error("portcullis cannot start: {0}")]
    Refused(BoxError),
    /// A command looks for what is there, and not here.
    #[error("{0}")]
    Missing(String),
    #[error("portcullis cannot start: {0}")]
    System(#[from] io::Error),
    #[error("portcullis cannot go on: the listeners failed: {0}")]
    Listeners(io::Error),
}

impl World {
    /// For what a command decides.
    fn pen<'a>(&'a self, vault: &'a Vault) -> Pen<'a> {
        Pen { store: &*self.store, clock: &*self.clock, entropy: &*self.entropy, vault }
    }

    /// The real one: this machine's clock and random source, and the store that the configuration names.
    pub fn real(config: &Config) -> Result<Self, CannotRun> {
        let begun = Stopwatch::start();
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let store: Arc<dyn Store> = match &config.store.url {
            StoreUrl::Mongo(url) => Arc::new(
                MongoStore::open(url.expose_secret(), Arc::clone(&entropy)).map_err(store(STORE_URL))?,
            ),
            StoreUrl::File(path) => {
                let variable = if path.is_absolute() { STORE_URL } else { DATA_DIR };
                let location = Location::File(config.data.dir.join(path));
                Arc::new(SqliteStore::open(location).map_err(store(variable))?)
            }
            StoreUrl::Memory => Arc::new(SqliteStore::open(Location::Memory).map_err(store(STORE_URL))?),
        };
        Ok(Self { store, clock: Arc::new(SystemClock::start()), entropy, begun })
    }
}

impl App {
    /// Takes its sockets first, so that whoever is refused one is told before anything else happens.
    pub fn build(config: &Config, world: World) -> Result<Self, CannotRun> {
        let doors = Doors::open(config)?;
        let hashing =
            HashingPool::start(config.password.cost, Room::find(Path::new("/"))).map_err(refused)?;
        let site = Site {
            origin: config.public.origin.clone(),
            trusted_proxies: TrustedProxies::new(config.trusted.proxies.clone()),
            clock: Arc::clone(&world.clock),
            entropy: Arc::clone(&world.entropy),
            requests: Requests::new(),
        };
        let keys = keys::key_ring(config, &world)?;
        let post = post::post(config)?;
        let outlets = outlets::outlets(config, &world)?;
        let World { store, clock, entropy, begun } = world;
        let vault = keys.vault();
        let (rules, readiness) = (rules::rules(config), Readiness::default());
        let memory = Memory::new(Arc::clone(&clock));
        let certificates = doors.certificates.clone();
        let services = Services {
            store,
            clock,
            entropy,
            hashing,
            vault,
            memory,
            keys,
            readiness,
            post,
            meters: Meters::default(),
            unnamed: Unnamed::default(),
            vitals: LastVitals::default(),
            certificates,
            journal: Journal::new(config.events.retention),
            outlets,
            rules,
        };
        Ok(Self { services: Data::new(services), site: Arc::new(site), doors, begun })
    }

    pub fn public(&self) -> io::Result<SocketAddr> {
        self.doors.public.socket.local_addr()
    }

    pub fn internal(&self) -> io::Result<SocketAddr> {
        self.doors.internal.socket.local_addr()
    }

    /// Serves until `leave` says how to end, then finishes what was accepted. `ready` is called once, with the
    /// store open, and told how long that took.
    pub async fn run(
        self,
        ready: impl FnOnce(Duration),
        leave: impl Future<Output = Leave>,
    ) -> Result<(), CannotRun> {
        let Self { services, site, doors: Doors { public, internal, .. }, begun } = self;
        let workers = std::thread::available_parallelism()?.get();
        let listeners = Listeners::start(public, internal, &services, &site, workers)?;
        let stop_listening = listeners.stop();
        let serving = listeners.run();
        tokio::pin!(serving, leave);

        let jobs = Jobs::default();
        let told = tokio::select! {
            ended = &mut serving => Told::Ended(ended),
            told = &mut leave => Told::Leave(told),
            opened = worker::open_store::open_store(&services) => opened.map_or_else(Told::Refused, |()| Told::Open),
        };
        let told = if matches!(told, Told::Open) {
            ready(begun.elapsed());
            jobs.start(&services);
            tokio::select! {
                ended = &mut serving => Told::Ended(ended),
                told = &mut leave => Told::Leave(told),
            }
        } else {
            told
        };
        let still_serving = !matches!(told, Told::Ended(_));
        let left = match told {
            Told::Ended(ended) => ended.map_err(CannotRun::Listeners),
            Told::Refused(sentence) => Err(refused(sentence)),
            Told::Leave(leave) => {
                say_goodbye(&services.readiness, leave).await;
                Ok(())
            }
            Told::Open => Ok(()),
        };
        let drained = async {
            if still_serving {
                let _ = serving.await;
            }
        };
        let farewell = async { tokio::join!(drained, tear_down(stop_listening, jobs, &services)) };
        let _ = timeout(FAREWELL, farewell).await;
        left
    }
}

/// What ends a stage of the service's life.
enum Told {
    Open,
    Refused(worker::open_store::Refused),
    Leave(Leave),
    Ended(io::Result<()>),
}

/// From the listeners inwards, so that whoever is still served has all that it takes.
async fn tear_down(listeners: Stop, jobs: Jobs, services: &Data<Services>) {
    services.journal.feed.end();
    listeners.drain().await;
    jobs.end().await;
    let (stopped, when_stopped) = oneshot::channel();
    let hashing = services.clone();
    // It waits for hashes that may get little processor time, and must not keep us from hearing a second signal.
    thread::spawn(move || {
        hashing.hashing.stop();
        let _ = stopped.send(());
    });
    let _ = when_stopped.await;
    services.store.close().await;
}

/// Readiness goes first, so that nobody is sent to us who would find the door shut.
async fn say_goodbye(readiness: &Readiness, leave: Leave) {
    readiness.stop();
    tracing::info!("stopping: finishing what was accepted");
    if leave == Leave::AfterNotice {
        tokio::time::sleep(NOTICE).await;
    }
}

/// What of the configuration has to change for a store that cannot be opened.
fn store(variable: &'static str) -> impl Fn(MigrateError) -> CannotRun {
    move |error| CannotRun::Store { variable, source: error.into() }
}

fn refused(error: impl Into<BoxError>) -> CannotRun {
    CannotRun::Refused(error.into())
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("public", &self.doors.public.socket)
            .field("internal", &self.doors.internal.socket)
            .finish_non_exhaustive()
    }
}
