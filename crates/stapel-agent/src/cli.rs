use camino::Utf8PathBuf;
use clap::Subcommand;
use stapel_net::forwarder::{self, ForwarderArgs};
use stapel_text::{Problem, problem};
use stapel_wire::{Connection, Hello};

use crate::{guardian, recover, run, serve};

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
    /// Wait for the end of the process that runs a release, and end well what it left.
    Guard {
        /// Where the app's state lies.
        root: Utf8PathBuf,
        /// That process, as JSON.
        runner: String,
    },
    /// End well what a release left whose process died: at boot, where nothing else does it.
    Recover {
        /// Where the app's state lies; all below `/var/lib/stapel` where none is named.
        root: Option<Utf8PathBuf>,
        /// Where somebody is at it, wait for his end and look again.
        #[arg(long)]
        stay: bool,
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
        AgentCommand::Guard { root, runner } => {
            let runner = serde_json::from_str(&runner)
                .map_err(|e| problem!(Usage, "io-failed", path = &runner, error = std::io::Error::from(e)))?;
            guardian::guard(&root, &runner).await
        }
        AgentCommand::Recover { root: Some(root), stay } => recover::recover(&root, stay).await,
        AgentCommand::Recover { root: None, .. } => recover::recover_all().await,
        AgentCommand::Farewell { pid } => {
            // It enters another namespace for good: that must not be a thread of the pool.
            let ended = std::thread::spawn(move || stapel_net::farewell::run(pid)).join();
            Err(ended.unwrap_or_else(|_| problem!(Failed, "agent-task", error = "farewell")))
        }
        AgentCommand::Forward { args } => forwarder::run(ForwarderArgs::parse(&args)?).await,
    }
}
