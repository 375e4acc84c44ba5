//! Linux: the process on the host. It observes, plans, and runs releases step by step; it assembles the other rooms.
//!
//! `serve` is the session with the operator's command, over stdin and stdout; `run` is the process that runs one release
//! and outlives the session. Both see the same [`Site`], and the journal is all that they share.

mod checkout;
mod checks;
mod cli;
mod docker;
mod examine;
mod foreseen;
mod found;
mod guardian;
mod known;
mod logs;
mod namespace;
mod notices;
mod observe;
mod phases;
mod place;
pub mod prepare;
pub mod protocol;
mod questions;
mod recover;
mod run;
mod serve;
mod site;
mod steps;
#[cfg(test)]
mod testing;

pub use cli::{AgentCommand, run as run_command};

pub(crate) use site::{Known, Site};

use std::path::PathBuf;

use stapel_text::{Problem, problem};

/// Runs blocking work without holding up everything else.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match stapel_host::blocking(work).await {
        Ok(done) => done,
        Err(e) => Err(problem!(Failed, "agent-task", error = e.to_string())),
    }
}

/// The program that this process is, to be started again in another role.
pub(crate) fn own_program() -> Result<PathBuf, Problem> {
    std::env::current_exe().map_err(|e| problem!(Failed, "io-failed", path = "/proc/self/exe", error = e))
}
