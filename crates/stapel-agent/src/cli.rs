use camino::Utf8PathBuf;
use clap::Subcommand;
use stapel_net::forwarder::{self, ForwarderArgs};
use stapel_text::{Problem, problem};
use stapel_wire::{Connection, Hello};

use crate::{run, serve};

/// What the binary can be started as on a host. Not for people: the command and the agent start these.
#[derive(Debug, Clone, Subcommand)]
pub enum AgentCommand {
    /// Answer a command over stdin and stdout.
    Serve,
    /// Run the release that a session ordered.
    Release {
        /// The order.
        order: Utf8PathBuf,
    },
    /// Make the answers of a container say that their connection ends.
    Farewell {
        /// The container's first process.
        pid: i32,
    },
    /// Carry connections to a published port during a rollout.
    Forward {
        /// What to carry where, as JSON.
        args: String,
    },
}

/// Runs one of them to its end.
///
/// # Errors
/// What it fails with.
pub async fn run(command: AgentCommand) -> Result<(), Problem> {
    match command {
        AgentCommand::Serve => {
            let hello = Hello::new(stapel_wire::AgentBinary::own_build()?);
            let (connection, _) = Connection::open(tokio::io::stdin(), tokio::io::stdout(), &hello).await?;
            serve::serve(connection).await
        }
        AgentCommand::Release { order } => run::run(&order).await,
        AgentCommand::Farewell { pid } => {
            // It enters another namespace for good: that must not be a thread of the pool.
            let ended = std::thread::spawn(move || stapel_net::farewell::run(pid)).join();
            Err(ended.unwrap_or_else(|_| problem!(Failed, "agent-task", error = "farewell")))
        }
        AgentCommand::Forward { args } => forwarder::run(ForwarderArgs::parse(&args)?).await,
    }
}
