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
    #[error("portcullis cannot start: {variable} {address}: cannot listen there: {source}")]
    Listen { variable: &'static str, address: SocketAddr, source: io::Error },
    #[error("portcullis cannot go on: the listener failed: {0}")]
    Listener(#[from] io::Error),
}

/// Where it listens.
#[derive(Clone, Copy, Debug)]
pub struct ListensOn {
    pub looks: SocketAddr,
    pub step_down: SocketAddr,
}

/// Looks after its mongod until `leave` says that it is over. `ready` is called once.
pub async fn run(
    settings: Settings,
    ready: impl FnOnce(ListensOn),
    leave: impl Future<Output = ()>,
) -> Result<(), CannotRun> {
    let (for_looks, looks) = listen("PORTCULLIS_AGENT_LISTEN", settings.listen)?;
    let (for_step_down, step_down) = listen("PORTCULLIS_AGENT_STEP_DOWN_LISTEN", settings.step_down_listen)?;
    let (board, seen) = watch::channel(Board::empty());
    let open = http::Open::new(settings.clone(), seen);
    let looked_at = http::serve(for_looks, open.clone(), http::looks)?;
    let told_to_step_down = http::serve(for_step_down, open, http::hook)?;
    ready(ListensOn { looks, step_down });
    tokio::select! {
        ended = looked_at => ended?,
        ended = told_to_step_down => ended?,
        () = Rounds::new(settings, board).go_on() => {}
        () = leave => {}
    }
    Ok(())
}

fn listen(variable: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), CannotRun> {
    let socket = TcpListener::bind(address).and_then(|socket| socket.local_addr().map(|on| (socket, on)));
    socket.map_err(|source| CannotRun::Listen { variable, address, source })
}

/// How the set is.
pub async fn status(settings: &Settings) -> Result<Report, NoReport> {
    report::report(settings).await
}

/// Takes a member out of the set.
pub async fn remove(settings: &Settings, member: &str) -> Result<Removed, NotRemoved> {
    remove::remove(settings, member).await
}
