//! The processes of the embedded runtime on their own, without the rest of Stapel: the demo app, its migrations and the
//! proxy. Tests start them through this.

use std::process::ExitCode;

use clap::Parser;
use stapel_embedded::cli::{EmbeddedCommand, run};
use stapel_text::{Catalogue, Lang};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: EmbeddedCommand,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let rendered = Catalogue::new(Lang::choose(None)).problem(&problem);
            eprintln!("{}\n{}", rendered.message, rendered.remedy);
            ExitCode::from(problem.class.exit_code())
        }
    }
}
