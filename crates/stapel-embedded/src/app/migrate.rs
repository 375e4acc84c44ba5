use camino::Utf8PathBuf;
use clap::Subcommand;
use rusqlite::Connection;
use stapel_text::{Problem, problem};

use super::HIGHEST_VERSION;
use super::database::{connect, schema};
use super::migrations::{Way, bring, head};

/// The migration tool of the demo app, as it comes with one of its versions.
#[derive(Debug, Clone, clap::Args)]
pub struct MigrateArgs {
    /// Which version's migrations, 1 to 4
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(HIGHEST_VERSION)))]
    pub version: u32,
    /// The SQLite file
    #[arg(long)]
    pub database: Utf8PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: MigrateCommand,
}

/// What the migration tool can do; words and output are those of Alembic.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum MigrateCommand {
    /// Print the database's revision, with ` (head)` where it is the newest this version knows
    Current,
    /// Print the newest revision this version knows
    Heads,
    /// Run the migrations that are missing
    Upgrade,
    /// Take migrations back until the given revision; `base` takes all
    Downgrade {
        /// The revision to be at afterwards
        to: String,
    },
}

/// Does what `args` say. Revisions go to standard output, what is being run to standard error.
///
/// As with Alembic, a version does not know the revisions of later versions: where the database is at such a one, all
/// but `heads` fail, and going down needs the version that went up.
///
/// # Errors
/// `embedded-database`, `embedded-revision-unknown`, `embedded-migration-failed`.
pub fn migrate(args: &MigrateArgs) -> Result<(), Problem> {
    let head = head(args.version);
    if args.command == MigrateCommand::Heads {
        println!("{head:04} (head)");
        return Ok(());
    }
    let mut connection = connect(&args.database)?;
    let at = schema(&connection)
        .map_err(|e| problem!(Failed, "embedded-database", path = args.database.as_str(), error = e.to_string()))?;
    if at > head {
        return Err(unknown(&revision(at)));
    }
    match &args.command {
        MigrateCommand::Heads => Ok(()),
        MigrateCommand::Current => {
            match at {
                0 => {}
                _ if at == head => println!("{at:04} (head)"),
                _ => println!("{at:04}"),
            }
            Ok(())
        }
        MigrateCommand::Upgrade => run(&mut connection, Way::Up, head),
        MigrateCommand::Downgrade { to } => run(&mut connection, Way::Down, number(to, at)?),
    }
}

fn run(connection: &mut Connection, way: Way, to: u32) -> Result<(), Problem> {
    bring(connection, way, to, |m| {
        let (lower, upper) = (revision(m.revision - 1), revision(m.revision));
        match way {
            Way::Up => eprintln!("INFO  Running upgrade {lower} -> {upper}, {}", m.title),
            Way::Down => eprintln!("INFO  Running downgrade {upper} -> {lower}, {}", m.title),
        }
    })
    .map_err(|(at, e)| problem!(Failed, "embedded-migration-failed", revision = revision(at), error = e.to_string()))
}

fn revision(number: u32) -> String {
    if number == 0 { String::new() } else { format!("{number:04}") }
}

/// The number of a revision that is to be gone down to from `at`.
fn number(revision: &str, at: u32) -> Result<u32, Problem> {
    let number = if revision == "base" { Some(0) } else { revision.parse().ok() };
    number.filter(|n| *n <= at).ok_or_else(|| unknown(revision))
}

fn unknown(revision: &str) -> Problem {
    problem!(Failed, "embedded-revision-unknown", revision = revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(database: &camino::Utf8Path, version: u32, command: MigrateCommand) -> Result<(), Problem> {
        migrate(&MigrateArgs { version, database: database.to_owned(), command })
    }

    #[test]
    fn an_old_version_does_not_know_later_revisions() {
        let dir = tempfile::tempdir().unwrap();
        let database = Utf8PathBuf::from_path_buf(dir.path().join("data/app.db")).unwrap();
        tool(&database, 2, MigrateCommand::Upgrade).unwrap();
        let down = || MigrateCommand::Downgrade { to: "0001".into() };
        for command in [MigrateCommand::Current, MigrateCommand::Upgrade, down()] {
            assert_eq!(tool(&database, 1, command).unwrap_err().code(), "embedded-revision-unknown");
        }
        tool(&database, 2, down()).unwrap();
        tool(&database, 1, MigrateCommand::Current).unwrap();
    }

    #[test]
    fn a_half_way_upgrade_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let database = Utf8PathBuf::from_path_buf(dir.path().join("app.db")).unwrap();
        tool(&database, 1, MigrateCommand::Upgrade).unwrap();
        let failed = tool(&database, 4, MigrateCommand::Upgrade).unwrap_err();
        assert_eq!(failed.code(), "embedded-migration-failed");
        assert!(failed.to_string().contains("0003"), "{failed}");
        assert_eq!(schema(&connect(&database).unwrap()).unwrap(), 2);
        tool(&database, 4, MigrateCommand::Downgrade { to: "0001".into() }).unwrap();
        assert_eq!(schema(&connect(&database).unwrap()).unwrap(), 1);
    }

    #[test]
    fn a_revision_that_is_not_below_is_refused() {
        assert_eq!(number("base", 2).unwrap(), 0);
        assert_eq!(number("0001", 2).unwrap(), 1);
        assert!(number("0003", 2).is_err());
        assert!(number("x", 2).is_err());
    }
}
