//! Round after round: look at our mongod, do what is to be done, say what has changed, wait.
//!
//! A round relies on nothing that an earlier one remembers: whoever is killed in the middle begins anew with what is there.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    board::Board,
    enter::enter,
    hello::Standing,
    look::Eyes,
    settings::Settings,
    sit::Desk,
    stage::{Pace, Stage},
    trouble::Trouble,
};
use crate::system::jitter::about;

const SOON: Duration = Duration::from_millis(500);
const CALM: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(8);

/// A round takes no longer, whatever hangs; the next one goes on.
const ROUND: Duration = Duration::from_secs(15);

pub(super) struct Rounds {
    settings: Settings,
    board: watch::Sender<Board>,
    eyes: Eyes,
    desk: Desk,
    /// Whether this agent has seen its mongod in a set.
    was_a_member: bool,
    said: String,
    failures_in_a_row: u32,
}

impl Rounds {
    pub(super) fn new(settings: Settings, board: watch::Sender<Board>) -> Self {
        Self {
            settings,
            board,
            eyes: Eyes::default(),
            desk: Desk::default(),
            was_a_member: false,
            said: String::new(),
            failures_in_a_row: 0,
        }
    }

    pub(super) async fn go_on(mut self) {
        loop {
            let late = || Stage::Silent(Trouble::Silent("a round took too long".to_owned()));
            let stage = timeout(ROUND, self.round()).await.unwrap_or_else(|_| late());
            self.tell(&stage);
            sleep(about(self.pause(&stage))).await;
        }
    }

    async fn round(&mut self) -> Stage {
        let standing = match self.eyes.look(&self.settings, &self.board).await {
            Ok(standing) => standing,
            Err(trouble) => {
                self.desk.leave();
                return Stage::Silent(trouble);
            }
        };
        let Some(own) = self.eyes.own_as_nobody() else { return Stage::Alone };
        match standing {
            Standing::Alone => Stage::Alone,
            Standing::Blank | Standing::Outside => {
                let last = self.board.borrow().password.clone();
                enter(&self.settings, own, &standing, self.was_a_member, last.as_ref()).await
            }
            Standing::Member(seat) => {
                self.was_a_member = true;
                self.desk.sit(&self.settings, &self.board, own, &seat).await
            }
        }
    }

    /// Says what is new, once; and of what is wrong only what is so the next time too.
    fn tell(&mut self, stage: &Stage) {
        let failed = stage.is_failure();
        self.failures_in_a_row = if failed { self.failures_in_a_row.saturating_add(1) } else { 0 };
        self.board.send_modify(|board| {
            board.rounds += 1;
            board.failures += u64::from(failed);
        });
        let sentence = stage.to_string();
        if sentence == self.said || self.failures_in_a_row == 1 {
            return;
        }
        if failed {
            tracing::warn!("{sentence}");
        } else {
            tracing::info!("{sentence}");
        }
        self.said = sentence;
    }

    fn pause(&self, stage: &Stage) -> Duration {
        match stage.pace() {
            Pace::Soon => SOON,
            Pace::Calm => CALM,
            Pace::BackOff => (SOON * 2_u32.saturating_pow(self.failures_in_a_row.min(8))).min(LATEST),
        }
    }
}
