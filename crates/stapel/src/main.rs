//! The command `stapel`. One file a subcommand in `commands`; what people see comes from `render`.

mod args;
mod client;
mod commands;
mod project;
mod render;
mod source;

use std::process::ExitCode;

use stapel_text::{Catalogue, Lang};

use crate::args::{Args, HostCommand, Notify, Sub};
use crate::render::Screen;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("stapel: {e}");
            return ExitCode::from(1);
        }
    };
    let code = runtime.block_on(run());
    // A blocking read of stdin must not hold up the end.
    runtime.shutdown_background();
    ExitCode::from(code)
}

async fn run() -> u8 {
    let lang = Lang::choose(args::asked_language(std::env::args_os().skip(1)));
    let catalogue = Catalogue::new(lang);
    let command = args::localised(&catalogue);
    let parsed = match command.try_get_matches().and_then(|m| <Args as clap::FromArgMatches>::from_arg_matches(&m)) {
        Ok(args) => args,
        Err(e) => return args::usage(&e, &catalogue),
    };
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("STAPEL_LOG"))
        .init();
    let screen = Screen::new(catalogue, parsed.json);
    let done = match parsed.command {
        Sub::Agent { command } => {
            // The session's stdin and stdout belong to the wire; nothing is shown here.
            return match stapel_agent::run_command(command).await {
                Ok(()) => 0,
                Err(problem) => {
                    eprintln!("{problem}");
                    problem.class.exit_code()
                }
            };
        }
        Sub::Embedded { command } => stapel_embedded::cli::run(command).await.map(|()| 0),
        Sub::Init(args) => commands::init::run(&parsed.place, &args, &screen).await,
        Sub::Check => commands::check::run(&parsed.place, &screen).await,
        Sub::Plan(args) => commands::plan::run(&parsed.place, &args, &screen).await,
        Sub::Deploy(args) => commands::deploy::run(&parsed.place, &args, &screen).await,
        Sub::Rollback(args) => commands::rollback::run(&parsed.place, &args, &screen).await,
        Sub::Restart(args) => commands::restart::run(&parsed.place, &args, &screen).await,
        Sub::Attach(args) => commands::attach::run(&parsed.place, &args, &screen).await,
        Sub::Answer(args) => commands::answer::run(&parsed.place, &args, &screen).await,
        Sub::Cancel(args) => commands::cancel::run(&parsed.place, &args, &screen).await,
        Sub::Resume(args) => {
            commands::take_up::run(&parsed.place, &args, stapel_release::Direction::Forward, &screen).await
        }
        Sub::Undo(args) => commands::take_up::run(&parsed.place, &args, stapel_release::Direction::Back, &screen).await,
        Sub::Show(args) => commands::show::run(&parsed.place, &args, &screen).await,
        Sub::Unlock(args) => commands::unlock::run(&parsed.place, &args, &screen).await,
        Sub::Notify { command: Notify::Test } => commands::notify::test(&parsed.place, &screen).await,
        Sub::Host { command: HostCommand::Prepare(args) } => {
            commands::host::prepare(&parsed.place, args, &screen).await
        }
        Sub::Status => commands::status::run(&parsed.place, &screen).await,
        Sub::History(args) => commands::history::run(&parsed.place, &args, &screen).await,
        Sub::Logs(args) => commands::logs::run(&parsed.place, &args, &screen).await,
        Sub::Demo(args) => commands::demo::run(&args, &screen).await,
    };
    done.unwrap_or_else(|problem| {
        screen.problem(&problem);
        problem.class.exit_code()
    })
}
