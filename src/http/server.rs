//! The two listeners: separate sockets, served by the same threads until they are told to stop.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, error::DispatchError};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory, Service as _, ServiceFactoryExt, apply_fn_factory,
    boxed::{self, BoxServiceFactory},
    fn_service, map_config,
};
use actix_web::{
    App, Error,
    dev::AppConfig,
    middleware::from_fn,
    web::{Data, ServiceConfig},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::flows::Services;

use super::{
    Site,
    connection::Connection,
    internal, middleware,
    places::{Place, Places},
    problem::Problem,
    public,
    stream::Stream,
    turnstile::Turnstile,
};

/// Longer than the keep-alive of the proxies before us, so that it is they who let go of a connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// From the opening of a connection to the head of its first request.
const FIRST_HEAD: Duration = Duration::from_secs(5);

/// From the opening of a connection until both sides speak TLS.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long the rest of a body nobody wanted may linger, so that its sender gets to read the answer.
const LINGER: Duration = Duration::from_secs(1);

/// Connections at once, of each worker; the public listener has fewer places than that for all.
const CONNECTIONS: usize = 10_000;

/// Requests in hand are finished within this, which is below Kubernetes' grace period of 30 seconds.
const DRAIN_SECONDS: u64 = 20;

/// A socket that listens, and what it takes to speak TLS there.
pub struct Door {
    pub socket: TcpListener,
    pub tls: Option<TlsAcceptor>,
}

/// Both listeners, serving while this is awaited.
pub struct Listeners {
    server: Server,
    stopping: CancellationToken,
}

/// Ends the listeners from outside.
pub struct Stop {
    handle: ServerHandle,
    stopping: CancellationToken,
}

type Accept = BoxServiceFactory<(), TcpStream, (), DispatchError, ()>;

impl Listeners {
    pub fn start(
        public_door: Door,
        internal_door: Door,
        services: &Data<Services>,
        site: &Arc<Site>,
        workers: usize,
    ) -> io::Result<Self> {
        let stopping = CancellationToken::new();
        let listener = |routes, tls: Option<TlsAcceptor>, places: Option<Places>| {
            let (services, stopping) = (services.clone(), stopping.clone());
            let porter = Porter { site: Arc::clone(site), tls, places };
            move || accept(routes, porter.clone(), &services, &stopping)
        };
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(CONNECTIONS)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen("public", public_door.socket, listener(public, public_door.tls, Some(Places::default())))?
            // The cluster's own callers are few and known, and share no places with strangers.
            .listen("internal", internal_door.socket, listener(internal, internal_door.tls, None))?
            .run();
        Ok(Self { server, stopping })
    }

    pub fn stop(&self) -> Stop {
        Stop { handle: self.server.handle(), stopping: self.stopping.clone() }
    }

    pub async fn run(self) -> io::Result<()> {
        self.server.await
    }
}

impl Stop {
    /// Accepts nothing more, lets go of idle connections, and finishes what is in hand.
    pub async fn drain(self) {
        self.stopping.cancel();
        self.handle.stop(true).await;
    }
}

/// What a worker does with a socket of one listener.
fn accept(
    routes: fn(&mut ServiceConfig),
    porter: Porter,
    services: &Data<Services>,
    stopping: &CancellationToken,
) -> Accept {
    let app = App::new()
        .app_data(services.clone())
        .app_data(Data::from(Arc::clone(&porter.site)))
        .app_data(Data::new(Turnstile::default()))
        .wrap(from_fn(middleware::every_request))
        .configure(routes)
        .into_factory()
        .map_err(|error: Error| error.error_response());
    let stopping = stopping.clone();
    let http = HttpService::build()
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(FIRST_HEAD)
        .client_disconnect_timeout(LINGER)
        // A client that hangs up takes its request with it, but for the verb that has begun.
        .h1_allow_half_closed(false)
        .graceful_shutdown_signal(move || stopping.clone().cancelled_owned())
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.progress());
        })
        .h1(map_config(app, |()| AppConfig::default()));
    let admit = fn_service(move |io| {
        let porter = porter.clone();
        async move { porter.admit(io).await }
    });
    let to_the_end = apply_fn_factory(http, |(connection, peer): (Connection, _), http| {
        let (progress, served) = (connection.progress(), http.call((connection, peer)));
        async move {
            let ended = served.await;
            // So it counts as one, and the end of the service waits for it.
            progress.see_through().await;
            ended
        }
    });
    boxed::factory(admit.and_then(to_the_end))
}

/// Stands at a door and lets connections in.
#[derive(Clone)]
struct Porter {
    site: Arc<Site>,
    tls: Option<TlsAcceptor>,
    /// `None` where only the cluster comes.
    places: Option<Places>,
}

/// As many are connected as may be.
struct NoPlace;

impl Porter {
    /// Who finds no place is told so and let go; behind TLS there are no words for it yet.
    async fn admit(self, io: TcpStream) -> Result<(Connection, Option<SocketAddr>), DispatchError> {
        let peer = io.peer_addr()?;
        io.set_nodelay(true)?;
        let Ok(place) = self.place(peer) else {
            if self.tls.is_none() {
                // What does not fit into an empty socket's buffer is not worth waiting for.
                let _ = io.into_std()?.write(&self.site.refuse_on_the_wire(&Problem::TooManyConnections));
            }
            return Err(DispatchError::DisconnectTimeout);
        };
        let io = match &self.tls {
            None => Stream::Plain(io),
            Some(tls) => {
                let spoken = timeout(HANDSHAKE, tls.accept(io)).await;
                Stream::Tls(Box::new(spoken.map_err(|_| DispatchError::SlowRequestTimeout)??))
            }
        };
        Ok((Connection::new(io, place, self.site, self.places.is_none()), Some(peer)))
    }

    /// `None` where none is needed.
    fn place(&self, peer: SocketAddr) -> Result<Option<Place>, NoPlace> {
        let Some(places) = &self.places else { return Ok(None) };
        let is_a_proxy = self.site.trusted_proxies.contains(peer.ip());
        let place = if is_a_proxy { places.take_for_proxy() } else { places.take(peer.ip()) };
        place.map(Some).ok_or(NoPlace)
    }
}
