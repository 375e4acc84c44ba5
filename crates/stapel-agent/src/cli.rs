use camino::Utf8PathBuf;
use clap::Subcommand;
use stapel_net::forwarder::{self, ForwarderArgs};
use stapel_text::Problem;
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
        AgentCommand::Forward { args } => forwarder::run(ForwarderArgs::parse(&args)?).await,
    }
}
