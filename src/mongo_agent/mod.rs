//! The agent beside each mongod: makes the replica set and its users, brings members in and out, says how they are.
//!
//! It takes the place of an operator and of `mongosh`, and shares nothing with the service but `system`. Every agent acts
//! for its own mongod only, but for the one beside the primary, which looks after users and votes. No agent relies on
//! what it remembers: what is to be done is seen from the mongods each time, and mongod has the last word.

mod answer;
mod board;
mod enter;
mod hello;
mod http;
mod look;
mod metrics;
mod mongod;
mod names;
mod own_name;
mod passwords;
mod peers;
mod primary;
mod promote;
mod remove;
mod report;
mod rounds;
mod session;
mod set_config;
mod set_status;
mod settings;
mod sit;
mod stage;
mod step_down;
mod trouble;
mod users;

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use tokio::sync::watch;

use self::{board::Board, rounds::Rounds};

pub use remove::{Next, NotRemoved, Removed};
pub use report::{Line, NoReport, Report};
pub use settings::Settings;

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    #[error("portcullis cannot start: PORTCULLIS_AGENT_LISTEN {address}: cannot listen there: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("portcullis cannot go on: the listener failed: {0}")]
    Listener(#[from] io::Error),
}

/// Looks after its mongod until `leave` says that it is over. `ready` is called once, with the address it listens on.
pub async fn run(
    settings: Settings,
    ready: impl FnOnce(SocketAddr),
    leave: impl Future<Output = ()>,
) -> Result<(), CannotRun> {
    let address = settings.listen;
    let listen = |source| CannotRun::Listen { address, source };
    let socket = TcpListener::bind(address).map_err(listen)?;
    let listens_on = socket.local_addr().map_err(listen)?;
    let (board, seen) = watch::channel(Board::empty());
    let server = http::serve(socket, settings.clone(), seen)?;
    ready(listens_on);
    tokio::select! {
        ended = server => ended?,
        () = Rounds::new(settings, board).go_on() => {}
        () = leave => {}
    }
    Ok(())
}

/// How the set is.
pub async fn status(settings: &Settings) -> Result<Report, NoReport> {
    report::report(settings).await
}

/// Takes a member out of the set.
pub async fn remove(settings: &Settings, member: &str) -> Result<Removed, NotRemoved> {
    remove::remove(settings, member).await
}
