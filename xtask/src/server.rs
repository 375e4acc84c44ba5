use anyhow::{Result, ensure};
use clap::Subcommand;
use testkit::{Convertik, Flavour, Server, servers};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Starts one, releases convertik on it by hand, and says how to reach it
    Up {
        /// bookworm (Docker 20.10, docker-compose 1.29), trixie (Docker 26.1, docker compose 2.26), systemd; bare-bookworm,
        /// bare-trixie or bare-systemd: without Docker, for `stapel host prepare`
        #[arg(long, default_value = "trixie")]
        flavour: Flavour,
        /// What `ssh` calls it
        #[arg(long, default_value = "convertik.example")]
        name: String,
        /// Without the app
        #[arg(long)]
        bare: bool,
    },
    /// Removes all test servers of this machine
    Down,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.verb {
        Verb::Down => servers::sweep_all(),
        Verb::Up { flavour, name, bare } => {
            ensure!(testkit::ready()?, "this machine cannot have test servers");
            let server = Server::start_kept(*flavour, name)?;
            if !bare && !flavour.is_bare() {
                Convertik::of_this_repository().run_by_hand(&server, "1")?;
            }
            println!("{name} is up at {}; `ssh` and `stapel` reach it after", server.ip());
            println!("export STAPEL_SSH_CONFIG={}", server.ssh_config().display());
            Ok(())
        }
    }
}
