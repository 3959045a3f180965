//! The two doors: a socket each, behind TLS where there is a certificate for it.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, TlsFiles},
    http::server::Door,
    system::certificate::Certificate,
};

use super::CannotRun;

/// Connections that may wait to be accepted: a crowd that arrives at once is not told to come back in a second.
const BACKLOG: u32 = 4096;

/// How often the files are looked at: whoever renews a certificate does so days before the old one ends.
const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Doors {
    pub(super) public: Door,
    pub(super) internal: Door,
    pub(super) certificates: BTreeMap<&'static str, Arc<Certificate>>,
}

impl Doors {
    /// Takes its sockets at once, so that whoever is refused one is told before anything else happens.
    pub(super) fn open(config: &Config) -> Result<Self, CannotRun> {
        let mut certificates = BTreeMap::new();
        let mut door = |listener, prefix: &'static str, socket, files: Option<&TlsFiles>| {
            let certificate = files.map(|files| read(prefix, files)).transpose()?;
            certificates.extend(certificate.clone().map(|certificate| (listener, certificate)));
            let tls = certificate.map(Certificate::acceptor).transpose();
            let tls = tls.map_err(|error| CannotRun::Tls { prefix, source: error.into() })?;
            Ok::<_, CannotRun>(Door { socket, tls })
        };
        let public = listen("PORTCULLIS_PUBLIC_LISTEN", config.public.listen)?;
        let internal = listen("PORTCULLIS_INTERNAL_LISTEN", config.internal.listen)?;
        let public = door("public", "PORTCULLIS_PUBLIC", public, config.public_tls.as_ref())?;
        let internal = door("internal", "PORTCULLIS_INTERNAL", internal, config.internal_tls.as_ref())?;
        Ok(Self { public, internal, certificates })
    }
}

fn read(prefix: &'static str, files: &TlsFiles) -> Result<Arc<Certificate>, CannotRun> {
    let read = Certificate::read(&files.chain, &files.key);
    read.map(Arc::new).map_err(|error| CannotRun::Tls { prefix, source: error.into() })
}

fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, CannotRun> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().map_err(|source| CannotRun::Listen { variable, address, source })
}

/// Shows the renewed certificate to whoever connects after it was written. Says once that one is of no use.
pub(super) async fn renew(certificate: &Certificate, stop: &CancellationToken) {
    let mut told = false;
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        match certificate.look_again() {
            Ok(renewed) => {
                if renewed {
                    tracing::info!(file = %certificate.file().display(), "a renewed certificate is shown");
                }
                told = false;
            }
            Err(cause) if !told => {
                told = true;
                tracing::error!(%cause, "the new certificate is of no use; the old one stays in use");
            }
            Err(_) => {}
        }
    }
}
