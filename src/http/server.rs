//! The two listeners: separate sockets, served by the same threads until they are told to stop.

use std::{
    future::ready,
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, error::DispatchError};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory, ServiceFactoryExt,
    boxed::{self, BoxServiceFactory},
    fn_service, map_config,
};
use actix_web::{
    App, Error,
    dev::AppConfig,
    middleware::from_fn,
    web::{Data, ServiceConfig},
};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::flows::Services;

use super::{
    Site, connection::Connection, internal, middleware, places::Places, problem::Problem, public,
    turnstile::Turnstile,
};

/// Longer than the keep-alive of the proxies before us, so that it is they who let go of a connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// From the opening of a connection to the head of its first request.
const FIRST_HEAD: Duration = Duration::from_secs(5);

/// How long the rest of a body nobody wanted may linger, so that its sender gets to read the answer.
const LINGER: Duration = Duration::from_secs(1);

/// Connections at once, of each worker; the public listener has fewer places than that for all.
const CONNECTIONS: usize = 10_000;

/// Requests in hand are finished within this, which is below Kubernetes' grace period of 30 seconds.
const DRAIN_SECONDS: u64 = 20;

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
        public_socket: TcpListener,
        internal_socket: TcpListener,
        services: &Data<Services>,
        site: &Arc<Site>,
        workers: usize,
    ) -> io::Result<Self> {
        let stopping = CancellationToken::new();
        let listener = |routes, places: Option<Places>| {
            let (services, site, stopping) = (services.clone(), Arc::clone(site), stopping.clone());
            move || accept(routes, places.clone(), &services, &site, &stopping)
        };
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(CONNECTIONS)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen("public", public_socket, listener(public, Some(Places::default())))?
            // The cluster's own callers are few and known, and share no places with strangers.
            .listen("internal", internal_socket, listener(internal, None))?
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
    places: Option<Places>,
    services: &Data<Services>,
    site: &Arc<Site>,
    stopping: &CancellationToken,
) -> Accept {
    let app = App::new()
        .app_data(services.clone())
        .app_data(Data::from(Arc::clone(site)))
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
        // A client that hangs up takes its request with it.
        .h1_allow_half_closed(false)
        .graceful_shutdown_signal(move || stopping.clone().cancelled_owned())
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.progress());
        })
        .h1(map_config(app, |()| AppConfig::default()));
    let site = Arc::clone(site);
    boxed::factory(fn_service(move |io| ready(admit(io, places.as_ref(), &site))).and_then(http))
}

/// Who finds no place is told so and let go.
fn admit(
    io: TcpStream,
    places: Option<&Places>,
    site: &Arc<Site>,
) -> Result<(Connection, Option<SocketAddr>), DispatchError> {
    let peer = io.peer_addr()?;
    io.set_nodelay(true)?;
    let place = match places {
        Some(places) if site.trusted_proxies.contains(peer.ip()) => Some(places.take_for_proxy()),
        Some(places) => Some(places.take(peer.ip())),
        None => None,
    };
    if let Some(None) = place {
        // What does not fit into an empty socket's buffer is not worth waiting for.
        let _ = io.into_std()?.write(&site.refuse_on_the_wire(&Problem::TooManyConnections));
        return Err(DispatchError::DisconnectTimeout);
    }
    Ok((Connection::new(io, place.flatten(), Arc::clone(site), places.is_none()), Some(peer)))
}
