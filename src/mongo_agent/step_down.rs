//! Steps the primary down before its pod goes, and waits until another one is primary.

use std::time::Duration;

use mongodb::bson::doc;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    board::Board,
    hello::{Role, Seat, Standing, hello},
    mongod::Mongod,
    session::{NoSession, Session},
    settings::Settings,
    trouble::Trouble,
};
use crate::system::jitter::about;

/// Longer than an election; well within the grace of the pod, of which mongod wants the rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may not be primary again.
const STAY_DOWN_SECONDS: i32 = 60;
/// How long a secondary has to catch up first, or nobody steps down.
const CATCH_UP_SECONDS: i32 = 5;
const TO_STEP_DOWN: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(200);

/// How it ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stepped {
    /// This one is primary, and not ours.
    To(String),
    /// Ours is the only member: nobody can take over.
    Alone,
    /// Ours belongs to no set.
    NoMember,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotStepped {
    #[error("our mongod is primary still, and {0}")]
    Refused(NoSession),
    #[error("there is no other primary yet")]
    NoPrimary,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

pub(super) async fn step_down(
    settings: &Settings,
    board: &watch::Receiver<Board>,
) -> Result<Stepped, NotStepped> {
    let own = Mongod::as_nobody(&settings.mongod, settings.tls_ca_file.as_deref())?;
    let mut hindered = NotStepped::NoPrimary;
    let ended = timeout(PATIENCE, async {
        loop {
            match hello(&own).await {
                Ok(Standing::Member(seat)) => match stage(&seat) {
                    Where::Over(stepped) => return stepped,
                    Where::Between => {}
                    Where::Primary => match yield_to_another(settings, board).await {
                        Ok(()) => tracing::info!("our mongod stepped down"),
                        Err(reason) => hindered = NotStepped::Refused(reason),
                    },
                },
                Ok(_) => return Stepped::NoMember,
                // It closes its connections as it steps down.
                Err(trouble) => hindered = trouble.into(),
            }
            sleep(about(PAUSE)).await;
        }
    });
    ended.await.map_err(|_| hindered)
}

enum Where {
    Over(Stepped),
    /// An election is under way.
    Between,
    Primary,
}

fn stage(seat: &Seat) -> Where {
    match (seat.role, &seat.primary) {
        (_, _) if seat.members == 1 => Where::Over(Stepped::Alone),
        (Role::Primary, _) => Where::Primary,
        (_, Some(other)) => Where::Over(Stepped::To(other.clone())),
        (_, None) => Where::Between,
    }
}

async fn yield_to_another(settings: &Settings, board: &watch::Receiver<Board>) -> Result<(), NoSession> {
    let last = board.borrow().password.clone();
    let ca = settings.tls_ca_file.as_deref();
    let session = Session::open(&settings.mongod, ca, &settings.users_dir, last.as_ref()).await?;
    let command =
        doc! { "replSetStepDown": STAY_DOWN_SECONDS, "secondaryCatchUpPeriodSecs": CATCH_UP_SECONDS };
    session.mongod.run_within(TO_STEP_DOWN, command).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_another_one_is_primary_or_nobody_can_be() {
        let at = |role, primary: Option<&str>, members| {
            let primary = primary.map(str::to_owned);
            stage(&Seat { role, primary, members, has_passives: false, last_write: None })
        };
        assert!(matches!(at(Role::Primary, Some("a:1"), 3), Where::Primary));
        assert!(matches!(at(Role::Secondary, None, 3), Where::Between));
        assert!(
            matches!(at(Role::Secondary, Some("b:1"), 3), Where::Over(Stepped::To(other)) if other == "b:1")
        );
        assert!(matches!(at(Role::Primary, Some("a:1"), 1), Where::Over(Stepped::Alone)));
    }
}
