//! What an agent does whose mongod is a member: signs in, and beside the primary looks after users and votes.

use mongodb::bson::{Document, doc};
use tokio::sync::watch;

use super::{
    board::Board,
    hello::{Role, Seat},
    mongod::Mongod,
    passwords::Password,
    promote::promote,
    session::{NoSession, Session},
    settings::Settings,
    stage::Stage,
    trouble::Trouble,
    users::{
        User,
        first::make_first,
        keep::{Keeper, Proven},
    },
};

/// What is kept from round to round, and can be lost.
#[derive(Default)]
pub(super) struct Desk {
    session: Option<Session>,
    proven: Proven,
}

impl Desk {
    pub(super) fn leave(&mut self) {
        self.session = None;
    }

    pub(super) async fn sit(
        &mut self,
        settings: &Settings,
        board: &watch::Sender<Board>,
        own: &Mongod,
        seat: &Seat,
    ) -> Stage {
        if seat.role == Role::Between {
            return Stage::Settled(Role::Between);
        }
        let session = match self.session(settings, board, own, seat.role).await {
            Ok(session) => session,
            Err(reason) => return Stage::NotSignedIn(reason),
        };
        let stage = match seat.role {
            Role::Primary => lead(settings, &session, seat, &mut self.proven).await,
            Role::Secondary | Role::Between => Stage::Settled(seat.role),
        };
        let connections = connections(&session.mongod).await;
        board.send_modify(|board| board.connections = connections.as_ref().ok().copied());
        let stage = match connections {
            Err(trouble) if !stage.is_failure() => Stage::NotSignedIn(trouble.into()),
            _ => stage,
        };
        // Whatever failed may have to do with a password that was changed meanwhile.
        self.session = Some(session).filter(|_| !stage.is_failure());
        stage
    }

    /// The one there is, if it still is the right one. A primary that does not know us may not know anybody: then we become
    /// its first user.
    async fn session(
        &mut self,
        settings: &Settings,
        board: &watch::Sender<Board>,
        own: &Mongod,
        role: Role,
    ) -> Result<Session, NoSession> {
        let folder = &settings.users_dir;
        if let Some(session) = self.session.take().filter(|session| session.is_of_today(folder)) {
            return Ok(session);
        }
        let ca = settings.tls_ca_file.as_deref();
        let last = board.borrow().password.clone();
        let mut opened = Session::open(&settings.mongod, ca, folder, last.as_ref()).await;
        if role == Role::Primary && opened.as_ref().is_err_and(NoSession::is_refusal) {
            let password = Password::of(User::Agent, folder)?;
            // A mongod that has users lets nobody do so.
            if make_first(own, &password).await.is_ok() {
                opened = Session::open(&settings.mongod, ca, folder, Some(&password)).await;
            }
        }
        let session = opened?;
        board.send_modify(|board| board.password = Some(session.password().clone()));
        Ok(session)
    }
}

/// Beside the primary.
async fn lead(settings: &Settings, session: &Session, seat: &Seat, proven: &mut Proven) -> Stage {
    let keeper = Keeper {
        primary: &session.mongod,
        host: &settings.mongod,
        ca: settings.tls_ca_file.as_deref(),
        database: &settings.database,
        folder: &settings.users_dir,
    };
    let wrong = keeper.keep(proven).await;
    if !wrong.is_empty() {
        return Stage::UsersNotKept(wrong);
    }
    if !seat.has_passives {
        return Stage::Settled(Role::Primary);
    }
    match promote(&session.mongod, &settings.hosts()).await {
        Ok(false) => Stage::Settled(Role::Primary),
        Ok(true) => Stage::Filling,
        Err(trouble) => Stage::NotPromoted(trouble),
    }
}

async fn connections(mongod: &Mongod) -> Result<i64, Trouble> {
    let status = mongod.run(doc! { "serverStatus": 1, "none": 1, "connections": 1 }).await?;
    let current = |status: &Document| {
        let current = status.get_document("connections").ok()?.get("current")?;
        current.as_i32().map(i64::from).or(current.as_i64())
    };
    current(&status).ok_or_else(|| Trouble::Odd("it does not count its connections".to_owned()))
}
