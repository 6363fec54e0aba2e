//! Ctrl-C. The first one asks a command to end in order; what it does then is its own business.

use std::future::pending;

/// Where interruptions come from. Clones hear the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) enum Interrupts {
    /// The process's signal. Once somebody listens, it no longer ends the process by itself.
    #[default]
    Process,
    /// What a test sends instead.
    #[cfg(test)]
    Test(tokio::sync::watch::Receiver<()>),
}

impl Interrupts {
    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        match self {
            Self::Process => {
                if tokio::signal::ctrl_c().await.is_err() {
                    // Nobody can listen here, so the signal ends the process.
                    pending::<()>().await;
                }
            }
            #[cfg(test)]
            Self::Test(sent) => {
                if sent.changed().await.is_err() {
                    pending::<()>().await;
                }
            }
        }
    }
}
