//! The command line. Its words come from the catalogues: [`localised`] puts them in.

mod usage;

use std::ffi::OsString;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Arg, ArgAction, Command, CommandFactory, Parser, Subcommand};
use stapel_agent::AgentCommand;
use stapel_embedded::cli::EmbeddedCommand;
use stapel_text::{Catalogue, Lang, Text, text};

pub(crate) use usage::usage;

#[derive(Debug, Parser)]
#[command(
    name = "stapel",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, env = "STAPEL_LANG", hide_env = true)]
    lang: Option<Lang>,
    #[command(subcommand)]
    pub(crate) command: Sub,
}

/// Which app, and where.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Place {
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) target: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sub {
    Init(Init),
    Check,
    Plan(Plan),
    Deploy(Deploy),
    Rollback(Rollback),
    Restart(Restart),
    Attach(Which),
    Answer(Answer),
    Cancel(Which),
    Resume(Which),
    Undo(Which),
    Show(Which),
    Unlock(Unlock),
    Notify {
        #[command(subcommand)]
        command: Notify,
    },
    Host {
        #[command(subcommand)]
        command: HostCommand,
    },
    Status,
    History(History),
    Logs(Logs),
    Demo(Demo),
    #[command(hide = true)]
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
    #[command(hide = true)]
    Embedded {
        #[command(subcommand)]
        command: EmbeddedCommand,
    },
}

/// Which commit, where the host's own checkout fetches it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Commit {
    #[arg(long = "ref", value_name = "COMMIT|TAG|BRANCH")]
    pub(crate) reference: Option<String>,
    #[arg(long)]
    pub(crate) allow_rewritten: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Notify {
    Test,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum HostCommand {
    Prepare(Prepare),
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Prepare {
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Init {
    #[arg(long)]
    pub(crate) host: Option<String>,
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<String>,
    #[arg(long)]
    pub(crate) print: bool,
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) commit: Commit,
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) build_arg: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<Utf8PathBuf>,
}

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Deploy {
    #[arg(value_name = "PLAN", conflicts_with_all = ["no_cache", "build_arg", "check", "ask", "reference", "allow_rewritten"])]
    pub(crate) plan: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) commit: Commit,
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) build_arg: Vec<String>,
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    #[arg(long)]
    pub(crate) in_quiet_hours: bool,
    #[arg(long, value_name = "[SERVICE:]PATH|URL[=STATUS,…]")]
    pub(crate) check: Vec<String>,
    #[arg(long, value_name = "QUESTION")]
    pub(crate) ask: Vec<String>,
    /// The plan is not shown: the demo tells its own story.
    #[arg(skip)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Rollback {
    #[arg(value_name = "RELEASE")]
    pub(crate) to: Option<u64>,
    #[arg(long)]
    pub(crate) down: bool,
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// As in [`Deploy`].
    #[arg(skip)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Restart {
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    #[arg(long)]
    pub(crate) hard: bool,
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// The release that is meant; the newest where none is named.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Which {
    #[arg(value_name = "RELEASE")]
    pub(crate) release: Option<u64>,
}

/// What a person says to what a release asks.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Answer {
    #[arg(value_name = "yes|no")]
    pub(crate) answer: YesNo,
    #[arg(value_name = "RELEASE")]
    pub(crate) release: Option<u64>,
    #[arg(long = "check", value_name = "NAME")]
    pub(crate) which_check: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum YesNo {
    #[value(alias = "да")]
    Yes,
    #[value(alias = "нет")]
    No,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Unlock {
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct History {
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Logs {
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    #[arg(long, short)]
    pub(crate) follow: bool,
    #[arg(long, short = 'n', visible_alias = "tail", default_value_t = 100, value_name = "N")]
    pub(crate) lines: usize,
    #[arg(long, value_name = "TIME", value_parser = back)]
    pub(crate) since: Option<Duration>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Demo {
    #[arg(long)]
    pub(crate) keep: bool,
}

/// How far back: seconds, or a duration such as `10m`.
fn back(word: &str) -> Result<Duration, String> {
    if let Ok(seconds) = word.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed = word.parse::<jiff::SignedDuration>().map_err(|e| e.to_string())?;
    Duration::try_from(parsed).map_err(|e| e.to_string())
}

/// The language that was asked for, found before the command line is parsed: its errors are in that language too.
pub(crate) fn asked_language(mut args: impl Iterator<Item = OsString>) -> Option<Lang> {
    let mut asked = None;
    while let Some(arg) = args.next() {
        let arg = arg.to_string_lossy().into_owned();
        if arg == "--lang" {
            asked = args.next().map(|a| a.to_string_lossy().into_owned());
        } else if let Some(value) = arg.strip_prefix("--lang=") {
            asked = Some(value.to_owned());
        }
    }
    asked.or_else(|| std::env::var("STAPEL_LANG").ok()).and_then(|a| a.parse().ok())
}

/// The command line with its words.
pub(crate) fn localised(catalogue: &Catalogue) -> Command {
    with_words(Args::command(), catalogue)
}

fn with_words(mut command: Command, catalogue: &Catalogue) -> Command {
    let say = |text: Text| catalogue.text(&text);
    let template = format!("{{about}}\n\n{}: {{usage}}\n\n{{all-args}}", say(text!("cli-usage")));
    command = command
        .help_template(template)
        .subcommand_help_heading(say(text!("cli-commands")))
        .subcommand_value_name("COMMAND")
        .disable_help_flag(true)
        .arg(Arg::new("help").long("help").short('h').action(ArgAction::Help).help(say(text!("cli-arg-help"))));
    if command.get_name() == "stapel" {
        command = command.disable_version_flag(true).arg(
            Arg::new("version")
                .long("version")
                .short('V')
                .action(ArgAction::Version)
                .help(say(text!("cli-arg-version"))),
        );
    }
    if let Some(about) = about(command.get_name()) {
        command = command.about(say(about));
    }
    let (options, arguments) = (say(text!("cli-options")), say(text!("cli-arguments")));
    let ids: Vec<String> = command.get_arguments().map(|a| a.get_id().to_string()).collect();
    for id in ids {
        command = command.mut_arg(&id, |arg| {
            let heading = if arg.is_positional() { arguments.clone() } else { options.clone() };
            let arg = arg.help_heading(heading);
            match help(&id) {
                Some(help) => arg.help(say(help)),
                None => arg,
            }
        });
    }
    let names: Vec<String> =
        command.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |c| with_words(c, catalogue));
    }
    command
}

fn about(command: &str) -> Option<Text> {
    Some(match command {
        "stapel" => text!("cli-about"),
        "init" => text!("cli-about-init"),
        "check" => text!("cli-about-check"),
        "plan" => text!("cli-about-plan"),
        "deploy" => text!("cli-about-deploy"),
        "rollback" => text!("cli-about-rollback"),
        "restart" => text!("cli-about-restart"),
        "attach" => text!("cli-about-attach"),
        "answer" => text!("cli-about-answer"),
        "cancel" => text!("cli-about-cancel"),
        "resume" => text!("cli-about-resume"),
        "undo" => text!("cli-about-undo"),
        "show" => text!("cli-about-show"),
        "unlock" => text!("cli-about-unlock"),
        "notify" => text!("cli-about-notify"),
        // These two are below a command that is shown; no other has their names.
        "test" => text!("cli-about-notify-test"),
        "prepare" => text!("cli-about-host-prepare"),
        "host" => text!("cli-about-host"),
        "status" => text!("cli-about-status"),
        "history" => text!("cli-about-history"),
        "logs" => text!("cli-about-logs"),
        "demo" => text!("cli-about-demo"),
        _ => return None,
    })
}

fn help(argument: &str) -> Option<Text> {
    Some(match argument {
        "config" => text!("cli-arg-config"),
        "target" => text!("cli-arg-target"),
        "json" => text!("cli-arg-json"),
        "lang" => text!("cli-arg-lang"),
        "yes" => text!("cli-arg-yes"),
        "no_cache" => text!("cli-arg-no-cache"),
        "build_arg" => text!("cli-arg-build-arg"),
        "out" => text!("cli-arg-out"),
        "plan" => text!("cli-arg-plan"),
        "reference" => text!("cli-arg-ref"),
        "allow_rewritten" => text!("cli-arg-allow-rewritten"),
        "allow_dirty" => text!("cli-arg-allow-dirty"),
        "in_quiet_hours" => text!("cli-arg-in-quiet-hours"),
        "check" => text!("cli-arg-check"),
        "ask" => text!("cli-arg-ask"),
        "answer" => text!("cli-arg-answer"),
        "which_check" => text!("cli-arg-which-check"),
        "to" => text!("cli-arg-to"),
        "down" => text!("cli-arg-down"),
        "release" => text!("cli-arg-release"),
        "limit" => text!("cli-arg-limit"),
        "services" => text!("cli-arg-services"),
        "hard" => text!("cli-arg-hard"),
        "follow" => text!("cli-arg-follow"),
        "lines" => text!("cli-arg-lines"),
        "since" => text!("cli-arg-since"),
        "host" => text!("cli-arg-host"),
        "path" => text!("cli-arg-path"),
        "print" => text!("cli-arg-print"),
        "force" => text!("cli-arg-force"),
        "keep" => text!("cli-arg-keep"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_argument_has_words_in_both_languages() {
        for lang in Lang::ALL {
            let mut command = localised(&Catalogue::new(lang));
            command.build();
            for sub in std::iter::once(&command).chain(command.get_subcommands().filter(|c| !c.is_hide_set())) {
                assert!(sub.get_about().is_some(), "{lang:?}: {} has no about", sub.get_name());
                for arg in sub.get_arguments() {
                    assert!(arg.get_help().is_some(), "{lang:?}: {} --{} has no help", sub.get_name(), arg.get_id());
                }
            }
        }
    }

    #[test]
    fn the_language_is_found_before_parsing() {
        let args = |a: &[&str]| a.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        assert_eq!(asked_language(args(&["deploy", "--lang", "ru"])), Some(Lang::Ru));
        assert_eq!(asked_language(args(&["--lang=en", "deploy"])), Some(Lang::En));
    }
}
