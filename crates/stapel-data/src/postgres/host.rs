//! Tools that run on the host itself.

use std::fs::File;
use std::path::Path;

use stapel_core::ports::ExecOutput;
use stapel_host::Command;
use stapel_text::Problem;
use tokio::sync::OnceCell;

use super::PostgresTools;
use super::programs;

/// What would lead the tools elsewhere than the configuration says.
const VARIABLES: [&str; 24] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLMODE",
    "PGOPTIONS",
    "PGCLUSTER",
    "PGTZ",
    "PGCLIENTENCODING",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLCRL",
    "PGPASSFILE",
    "PGTARGETSESSIONATTRS",
    "PGCHANNELBINDING",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGGSSENCMODE",
    "PGSYSCONFDIR",
];

/// The major version of a server, once it has told it.
pub(super) type Server = OnceCell<u32>;

/// What runs the program that goes with the server, as whoever it is to be run by. Of a server that is asked for its version, none
/// is known yet; a dump can be read back without one.
pub(super) async fn program(
    at: &impl PostgresTools,
    server: &Server,
    name: &str,
) -> Result<std::path::PathBuf, Problem> {
    let known = match name {
        "psql" => None,
        "pg_dump" => Some(version(at, server).await?),
        _ => version(at, server).await.ok(),
    };
    programs::find(name, known).await
}

async fn version(at: &impl PostgresTools, server: &Server) -> Result<u32, Problem> {
    let asked = || async {
        let mut argv = super::database::PSQL.map(str::to_owned).to_vec();
        argv.extend(at.reach().await?);
        argv.push("--command=SHOW server_version_num".to_owned());
        let out = at.tool(&argv, &[], None, None).await?;
        match out.stdout.trim().parse::<u32>() {
            Ok(number) if out.code == 0 => Ok(number / 10_000),
            _ => Err(at.failed(&argv.join(" "), out.stderr.trim())),
        }
    };
    server.get_or_try_init(asked).await.copied()
}

/// Runs it to its end. Only what is given leads it to a server; what it says is in English, by which reasons are told apart.
pub(super) async fn run(
    mut command: Command,
    env: &[(String, String)],
    stdin: Option<File>,
    stdout: Option<File>,
) -> Result<ExecOutput, Problem> {
    command = VARIABLES.into_iter().fold(command, Command::without_env).env("LC_ALL", "C");
    command = env.iter().fold(command, |command, (name, value)| command.env(name, value));
    // A directory that everybody may be in: whoever runs it may not be let into ours.
    command = command.current_dir(Path::new("/"));
    if let Some(stdin) = stdin {
        command = command.stdin_file(stdin);
    }
    let done = match stdout {
        Some(file) => command.into_file(file).await?,
        None => command.finish().await?,
    };
    Ok(ExecOutput { code: done.code, stdout: done.stdout, stderr: done.stderr })
}
