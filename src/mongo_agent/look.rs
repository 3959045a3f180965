//! Looks at our own mongod, and at its primary to see how far behind it is, and puts it on the board.

use std::{path::Path, time::Duration};

use tokio::sync::watch;

use super::{
    board::Board,
    hello::{Role, Seat, Standing, hello},
    mongod::Mongod,
    names::Host,
    set_status::lag,
    settings::Settings,
    trouble::Trouble,
};
use crate::system::clock::Stopwatch;

/// Connections as nobody, kept from look to look.
#[derive(Default)]
pub(super) struct Eyes {
    own: Option<Mongod>,
    primary: Option<(Host, Mongod)>,
}

impl Eyes {
    pub(super) async fn look(
        &mut self,
        settings: &Settings,
        board: &watch::Sender<Board>,
    ) -> Result<Standing, Trouble> {
        let ca = settings.tls_ca_file.as_deref();
        let looked = self.own(&settings.mongod, ca).await;
        let behind = match &looked {
            Ok(Standing::Member(seat @ Seat { role: Role::Secondary, .. })) => self.behind(seat, ca).await,
            Ok(Standing::Member(Seat { role: Role::Primary, .. })) => Some(Duration::ZERO),
            _ => None,
        };
        let leads = matches!(&looked, Ok(Standing::Member(Seat { primary: Some(_), .. })));
        board.send_modify(|board| {
            board.standing = looked.as_ref().ok().cloned();
            board.lag = behind;
            board.looked = Stopwatch::start();
            board.leaderless = if leads { None } else { board.leaderless.or(Some(board.looked)) };
        });
        looked
    }

    /// A connection that failed is made anew, and the authority's certificate read again for it.
    async fn own(&mut self, host: &Host, ca: Option<&Path>) -> Result<Standing, Trouble> {
        let own = match self.own.take() {
            Some(own) => own,
            None => Mongod::as_nobody(host, ca)?,
        };
        let standing = hello(&own).await?;
        self.own = Some(own);
        Ok(standing)
    }

    /// The primary says how far it is to anybody who asks.
    async fn behind(&mut self, seat: &Seat, ca: Option<&Path>) -> Option<Duration> {
        let host: Host = seat.primary.as_deref()?.parse().ok()?;
        let primary = match self.primary.take() {
            Some((of, primary)) if of == host => primary,
            _ => Mongod::as_nobody(&host, ca).ok()?,
        };
        let Ok(Standing::Member(ahead)) = hello(&primary).await else { return None };
        self.primary = Some((host, primary));
        Some(lag(ahead.last_write?, seat.last_write?))
    }

    /// Our own mongod, as nobody; it is there once it has been looked at.
    pub(super) const fn own_as_nobody(&self) -> Option<&Mongod> {
        self.own.as_ref()
    }
}
