//! The commands by which a binary becomes a process of the embedded runtime.

use clap::Subcommand;
use stapel_text::Problem;

use crate::app::{self, AppArgs, MigrateArgs};
use crate::proxy::{self, ProxyArgs};

/// What the binary can be started as. The runtime starts `program leading_args…` followed by one of these.
#[derive(Debug, Clone, Subcommand)]
pub enum EmbeddedCommand {
    /// Serve as the proxy in front of the app.
    Proxy(ProxyArgs),
    /// Serve as one instance of the demo app.
    #[command(disable_version_flag = true)]
    App(AppArgs),
    /// Look at or change the schema of the demo app's database.
    #[command(disable_version_flag = true)]
    Migrate(MigrateArgs),
}

/// Runs a command to its end; the proxy and the app end on SIGTERM or SIGINT.
///
/// # Errors
/// What the command fails with.
pub async fn run(command: EmbeddedCommand) -> Result<(), Problem> {
    match command {
        EmbeddedCommand::Proxy(args) => {
            stapel_host::leave_session();
            proxy::serve(args).await
        }
        EmbeddedCommand::App(args) => {
            stapel_host::leave_session();
            app::serve(args).await
        }
        EmbeddedCommand::Migrate(args) => app::migrate(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    #[command(version, propagate_version = true)]
    struct Binary {
        #[command(subcommand)]
        command: EmbeddedCommand,
    }

    #[test]
    fn it_fits_into_a_binary_that_has_a_version_of_its_own() {
        Binary::command().debug_assert();
        let line = "stapel migrate --version 2 --database /a.db downgrade -- 0001";
        let Binary { command: EmbeddedCommand::Migrate(args) } = Binary::try_parse_from(line.split(' ')).unwrap()
        else {
            panic!("another command");
        };
        assert_eq!((args.version, args.command), (2, app::MigrateCommand::Downgrade { to: "0001".into() }));
        for version in ["0", "5", "x"] {
            let line = format!("stapel app --version {version} --listen 127.0.0.1:0 --database /a.db");
            assert!(Binary::try_parse_from(line.split(' ')).is_err());
        }
    }
}
