//! All that is done with a PostgreSQL database, wherever its tools run.

use std::fs::File;

use async_trait::async_trait;
use camino::Utf8Path;
use stapel_core::ports::ExecOutput;
use stapel_text::{Problem, problem};

use super::{PostgresTools, archive};
use crate::file::{Whole, blocking, failed};
use crate::quoted::quoted;
use crate::{Database, Glance, Kind, Proof, mask};

/// How long `pg_dump` waits for a table that somebody else holds, in milliseconds. A dump that waits for ever behind a
/// forgotten transaction would hold up the release without a word.
const LOCK_WAIT: &str = "--lock-wait-timeout=60000";

/// How `pg_restore` puts a dump back: whole or not at all.
const RESTORE: [&str; 6] =
    ["pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner"];

/// How `psql` is asked something: the answer and nothing else.
pub(super) const PSQL: [&str; 5] = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"];

/// How much of what a failing command said is kept, in bytes from the end.
const SAID: usize = 4096;

/// As `run`, and an exit code other than 0 is a problem.
async fn run<T: PostgresTools + ?Sized>(
    at: &T,
    argv: &[String],
    stdin: Option<File>,
    stdout: Option<File>,
) -> Result<ExecOutput, Problem> {
    let out = at.tool(argv, &named(at), stdin, stdout).await?;
    if out.code == 0 { Ok(out) } else { Err(problem_of(at, argv, &out)) }
}

/// What a person finds in `pg_stat_activity`, and what we find again ourselves.
fn named<T: PostgresTools + ?Sized>(at: &T) -> [(String, String); 1] {
    [("PGAPPNAME".to_owned(), at.session().to_owned())]
}

fn problem_of<T: PostgresTools + ?Sized>(at: &T, argv: &[String], out: &ExecOutput) -> Problem {
    let said = out.stderr.trim();
    let tail = &said[said.ceil_char_boundary(said.len().saturating_sub(SAID))..];
    let said = if tail.is_empty() { format!("exit {}", out.code) } else { mask::passwords(tail).into_owned() };
    at.failed(&argv.join(" "), &said)
}

/// `pg_restore` over a dump, without a database. It ends with 1 when the archive is damaged; with anything else
/// (it is not there, it was killed) nothing is known about the dump.
async fn read_back<T: PostgresTools + ?Sized>(at: &T, dump: &Utf8Path, how: &str) -> Result<String, Problem> {
    let argv = ["pg_restore".to_owned(), how.to_owned()];
    let out = at.tool(&argv, &[], Some(open(dump)?), None).await?;
    match out.code {
        0 => Ok(out.stdout),
        1 => Err(problem!(Failed, "data-unproven", file = dump.as_str()).because(problem_of(at, &argv, &out))),
        _ => Err(problem_of(at, &argv, &out)),
    }
}

/// What `psql` prints for a statement, a row a line.
async fn ask<T: PostgresTools + ?Sized>(at: &T, sql: &str) -> Result<String, Problem> {
    Ok(run(at, &psql(at, &[sql]).await?, None, None).await?.stdout)
}

const SIZE: &str = "SELECT pg_database_size(current_database())";

/// What [`SIZE`] brought, as the first line.
fn size_of<T: PostgresTools + ?Sized>(at: &T, argv: &[String], out: &ExecOutput) -> Result<u64, Problem> {
    let size = out.stdout.lines().next().and_then(|line| line.trim().parse().ok());
    size.ok_or_else(|| problem_of(at, argv, out))
}

/// Whether a table is there, in whatever schema of the search path, and a column of it. Where it is not, the second one
/// fails, and that is well.
fn column_sql(table: &str, column: &str) -> [String; 2] {
    let there = format!("SELECT to_regclass('{table}') IS NOT NULL");
    [there, format!("SELECT {column} FROM {table} ORDER BY {column}")]
}

/// What these brought, behind so many lines.
fn column_of<T: PostgresTools + ?Sized>(
    at: &T,
    argv: &[String],
    out: &ExecOutput,
    behind: usize,
) -> Result<Option<Vec<String>>, Problem> {
    let mut lines = out.stdout.lines().skip(behind);
    match (lines.next(), out.code) {
        (Some("f"), _) => Ok(None),
        (Some("t"), 0) => Ok(Some(lines.map(str::to_owned).filter(|value| !value.is_empty()).collect())),
        _ => Err(problem_of(at, argv, out)),
    }
}

/// A call of `psql` with these statements, one after the other.
async fn psql<T: PostgresTools + ?Sized>(at: &T, statements: &[&str]) -> Result<Vec<String>, Problem> {
    let mut argv: Vec<String> = PSQL.map(str::to_owned).to_vec();
    argv.extend(at.reach().await?);
    argv.extend(statements.iter().map(|sql| format!("--command={sql}")));
    Ok(argv)
}

async fn restore_argv<T: PostgresTools + ?Sized>(at: &T) -> Result<Vec<String>, Problem> {
    Ok(RESTORE.into_iter().map(str::to_owned).chain(at.reach().await?).collect())
}

#[async_trait]
impl<T: PostgresTools> Database for T {
    fn name(&self) -> String {
        self.called()
    }

    fn kind(&self) -> Kind {
        Kind::Postgres
    }

    fn comes_with_the_app(&self) -> bool {
        self.is_of_the_app()
    }

    async fn answers(&self) -> Result<(), Problem> {
        self.size().await?;
        let argv = ["pg_dump", "--version"].map(str::to_owned);
        run(self, &argv, None, None).await.map(drop)
    }

    async fn dump(&self, to: &Utf8Path) -> Result<(), Problem> {
        let reach = self.reach().await?;
        let file = Whole::new(to)?;
        let argv: Vec<String> =
            ["pg_dump", "--format=custom", LOCK_WAIT].into_iter().map(str::to_owned).chain(reach).collect();
        run(self, &argv, None, Some(file.handle()?)).await?;
        blocking(to, move || file.keep()).await
    }

    async fn prove(&self, dump: &Utf8Path) -> Result<Proof, Problem> {
        let bytes = open(dump)?.metadata().map_err(|e| failed(dump, &e))?.len();
        let list = read_back(self, dump, "--list").await?;
        // --list reads the table of contents only. This reads every block and unpacks it, down to the last one's end.
        read_back(self, dump, "--file=/dev/null").await?;
        Ok(Proof { tables: archive::tables(&list), rows: None, bytes })
    }

    async fn restore(&self, dump: &Utf8Path) -> Result<(), Problem> {
        self.prove(dump).await.map_err(|p| p.class(stapel_text::Class::Refused))?;
        run(self, &restore_argv(self).await?, Some(open(dump)?), None).await.map(drop).map_err(|why| {
            problem!(Failed, "data-restore-failed", database = self.name(), file = dump.as_str()).because(why)
        })
    }

    async fn size(&self) -> Result<u64, Problem> {
        let argv = psql(self, &[SIZE]).await?;
        size_of(self, &argv, &run(self, &argv, None, None).await?)
    }

    async fn column(&self, table: &str, column: &str) -> Result<Option<Vec<String>>, Problem> {
        let [there, values] = column_sql(table, column);
        let argv = psql(self, &[&there, &values]).await?;
        let out = self.tool(&argv, &named(self), None, None).await?;
        column_of(self, &argv, &out, 0)
    }

    async fn glance(&self, column: Option<(&str, &str)>) -> Glance {
        let Some((table, column)) = column else { return Glance { size: self.size().await, column: None } };
        let [there, values] = column_sql(table, column);
        let asked = async {
            let argv = psql(self, &[SIZE, &there, &values]).await?;
            let out = self.tool(&argv, &named(self), None, None).await?;
            Ok((argv, out))
        };
        match asked.await {
            Ok((argv, out)) => {
                Glance { size: size_of(self, &argv, &out), column: Some(column_of(self, &argv, &out, 1)) }
            }
            Err(why) => Glance { size: Err(Problem::clone(&why)), column: Some(Err(why)) },
        }
    }

    /// `docker exec` that is ended leaves what it started running, with its locks.
    async fn end_sessions(&self) -> Result<(), Problem> {
        let name = self.session().replace('\'', "''");
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}' \
             AND pid <> pg_backend_pid()"
        );
        ask(self, &sql).await.map(drop)
    }

    async fn by_hand(&self, dump: &Utf8Path, compose: &str) -> Result<String, Problem> {
        let words: Vec<String> = restore_argv(self).await?.iter().map(|a| quoted(a)).collect();
        Ok(self.typed(&words.join(" "), &quoted(dump.as_str()), compose))
    }
}

fn open(path: &Utf8Path) -> Result<File, Problem> {
    File::open(path).map_err(|e| failed(path, &e))
}
