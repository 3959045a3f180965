//! How a process is asked to end: by somebody at the keyboard, or by an orchestrator.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    AtTheKeyboard,
    ByAnOrchestrator,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The first signal ends it in good order; a second one ends the process.
    pub(super) async fn first(mut self) -> Asked {
        let asked = self.next().await;
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(1);
        });
        asked
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::AtTheKeyboard,
            _ = self.terminate.recv() => Asked::ByAnOrchestrator,
        }
    }
}
