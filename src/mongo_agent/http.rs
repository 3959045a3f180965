//! How the kubelet and whoever counts reach the agent: probes, metrics, and the step down before the pod goes.

use std::{io, net::TcpListener, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    web::{self, Data, ServiceConfig},
};
use tokio::sync::watch;

use super::{
    answer, board::Board, board::NotReady, metrics::metrics_of, own_name::leads_here, settings::Settings,
    step_down::step_down,
};

/// Neighbours only, and few of them.
const CONNECTIONS: usize = 64;
const REQUEST: Duration = Duration::from_secs(5);

/// What a request may look at.
pub(super) struct Open {
    settings: Settings,
    board: watch::Receiver<Board>,
}

impl Open {
    pub(super) fn new(settings: Settings, board: watch::Receiver<Board>) -> Data<Self> {
        Data::new(Self { settings, board })
    }
}

/// For whoever may look and change nothing.
pub(super) fn looks(routes: &mut ServiceConfig) {
    routes
        .route("/startz", web::get().to(startz))
        .route("/livez", web::get().to(livez))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics));
}

/// For the kubelet alone, which can only get in a hook.
pub(super) fn hook(routes: &mut ServiceConfig) {
    routes.route("/step-down", web::get().to(step)).route("/step-down", web::post().to(step));
}

pub(super) fn serve(
    socket: TcpListener,
    open: Data<Open>,
    routes: fn(&mut ServiceConfig),
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().app_data(open.clone()).configure(routes));
    Ok(server
        .workers(1)
        .max_connections(CONNECTIONS)
        .client_request_timeout(REQUEST)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(socket)?
        .run())
}

/// Whether mongod may be started.
async fn startz(open: Data<Open>) -> HttpResponse {
    let leads_here = leads_here(&open.settings.own_host()).await;
    answer::well(if leads_here { Ok(()) } else { Err(NotReady::Nameless) })
}

async fn livez(open: Data<Open>) -> HttpResponse {
    answer::well(if open.board.borrow().is_alive() { Ok(()) } else { Err(NotReady::Unseen) })
}

async fn readyz(open: Data<Open>) -> HttpResponse {
    answer::well(open.board.borrow().readiness())
}

async fn metrics(open: Data<Open>) -> HttpResponse {
    answer::metrics(metrics_of(&open.board.borrow()))
}

async fn step(open: Data<Open>) -> HttpResponse {
    let outcome = step_down(&open.settings, &open.board).await;
    if let Err(reason) = &outcome {
        tracing::warn!("nobody else became primary in time: {reason}");
    }
    answer::stepped(outcome)
}
