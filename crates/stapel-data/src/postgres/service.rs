use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use camino::Utf8Path;
use stapel_core::ports::{Exec, ExecOutput};
use stapel_text::{Problem, problem};

use super::{archive, login::Login};
use crate::file::{Whole, blocking, failed};
use crate::quoted::quoted;
use crate::{Database, Kind, Proof, mask};

/// How long `pg_dump` waits for a table that somebody else holds, in milliseconds. A dump that waits for ever behind a
/// forgotten transaction would hold up the release without a word.
const LOCK_WAIT: &str = "--lock-wait-timeout=60000";

/// How `pg_restore` puts a dump back: whole or not at all.
const RESTORE: [&str; 6] =
    ["pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner"];

/// How `psql` is asked something: the answer and nothing else.
const PSQL: [&str; 5] = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"];

/// How much of what a failing command said is kept, in bytes from the end.
const SAID: usize = 4096;

/// A PostgreSQL database in a service of the app, reached with the tools in the container itself.
#[derive(Clone)]
pub struct PostgresInService {
    /// The service it runs in.
    pub service: String,
    /// As whom; by default what `POSTGRES_USER` says in the container, else `postgres`, as the official image has it.
    pub user: Option<String>,
    /// Which database; by default what `POSTGRES_DB` says in the container, else the user's name.
    pub database: Option<String>,
    /// Runs commands in the service.
    pub exec: Arc<dyn Exec>,
    /// What our sessions are called in the database, so that they can be told from those of others.
    pub session: String,
}

impl PostgresInService {
    async fn login(&self) -> Result<Login, Problem> {
        let user = match &self.user {
            Some(user) => user.clone(),
            None => self.variable("POSTGRES_USER").await?.unwrap_or_else(|| "postgres".to_owned()),
        };
        let database = match &self.database {
            Some(database) => database.clone(),
            None => self.variable("POSTGRES_DB").await?.unwrap_or_else(|| user.clone()),
        };
        Ok(Login { user, database })
    }

    /// A variable in the container, or what is in the file that `NAME_FILE` names (the official image takes both).
    async fn variable(&self, name: &str) -> Result<Option<String>, Problem> {
        if let Some(value) = self.exec.variable(&self.service, name).await? {
            return Ok(Some(value));
        }
        match self.exec.variable(&self.service, &format!("{name}_FILE")).await? {
            Some(path) => Ok(Some(self.run(&["cat".to_owned(), path], None, None).await?.stdout.trim().to_owned())),
            None => Ok(None),
        }
    }

    async fn run(&self, argv: &[String], stdin: Option<File>, stdout: Option<File>) -> Result<ExecOutput, Problem> {
        // What a person finds in `pg_stat_activity`, and what we find again ourselves.
        let name = [("PGAPPNAME".to_owned(), self.session.clone())];
        let out = self.exec.exec(&self.service, argv, &name, stdin, stdout).await?;
        if out.code == 0 { Ok(out) } else { Err(self.failed(argv, &out)) }
    }

    fn failed(&self, argv: &[String], out: &ExecOutput) -> Problem {
        let said = out.stderr.trim();
        let tail = &said[said.ceil_char_boundary(said.len().saturating_sub(SAID))..];
        let output = if tail.is_empty() { format!("exit {}", out.code) } else { mask::passwords(tail).into_owned() };
        problem!(Failed, "data-postgres-failed", service = &self.service, command = argv.join(" "), output = output)
    }

    /// `pg_restore` over a dump, without a database. It ends with 1 when the archive is damaged; with anything else
    /// (it is not there, it was killed) nothing is known about the dump.
    async fn read_back(&self, dump: &Utf8Path, how: &str) -> Result<String, Problem> {
        let argv = ["pg_restore".to_owned(), how.to_owned()];
        let out = self.exec.exec(&self.service, &argv, &[], Some(open(dump)?), None).await?;
        match out.code {
            0 => Ok(out.stdout),
            1 => Err(problem!(Failed, "data-unproven", file = dump.as_str()).because(self.failed(&argv, &out))),
            _ => Err(self.failed(&argv, &out)),
        }
    }

    /// What `psql` prints for a statement, a row a line.
    async fn ask(&self, sql: &str) -> Result<String, Problem> {
        Ok(self.run(&self.psql(&[sql]).await?, None, None).await?.stdout)
    }

    /// A call of `psql` with these statements, one after the other.
    async fn psql(&self, statements: &[&str]) -> Result<Vec<String>, Problem> {
        let mut argv: Vec<String> = PSQL.map(str::to_owned).to_vec();
        argv.extend(self.login().await?.options());
        argv.extend(statements.iter().map(|sql| format!("--command={sql}")));
        Ok(argv)
    }

    fn restore_argv(login: &Login) -> Vec<String> {
        RESTORE.into_iter().map(str::to_owned).chain(login.options()).collect()
    }
}

#[async_trait]
impl Database for PostgresInService {
    fn name(&self) -> String {
        self.service.clone()
    }

    fn kind(&self) -> Kind {
        Kind::Postgres
    }

    async fn dump(&self, to: &Utf8Path) -> Result<(), Problem> {
        let login = self.login().await?;
        let file = Whole::new(to)?;
        let argv: Vec<String> =
            ["pg_dump", "--format=custom", LOCK_WAIT].into_iter().map(str::to_owned).chain(login.options()).collect();
        self.run(&argv, None, Some(file.handle()?)).await?;
        blocking(to, move || file.keep()).await
    }

    async fn prove(&self, dump: &Utf8Path) -> Result<Proof, Problem> {
        let bytes = open(dump)?.metadata().map_err(|e| failed(dump, &e))?.len();
        let list = self.read_back(dump, "--list").await?;
        // --list reads the table of contents only. This reads every block and unpacks it, down to the last one's end.
        self.read_back(dump, "--file=/dev/null").await?;
        Ok(Proof { tables: archive::tables(&list), rows: None, bytes })
    }

    async fn restore(&self, dump: &Utf8Path) -> Result<(), Problem> {
        self.prove(dump).await.map_err(|p| p.class(stapel_text::Class::Refused))?;
        let login = self.login().await?;
        self.run(&Self::restore_argv(&login), Some(open(dump)?), None).await.map(drop).map_err(|why| {
            problem!(Failed, "data-restore-failed", database = self.name(), file = dump.as_str()).because(why)
        })
    }

    async fn size(&self) -> Result<u64, Problem> {
        let said = self.ask("SELECT pg_database_size(current_database())").await?;
        said.trim().parse().map_err(|_| {
            let out = ExecOutput { code: 0, stdout: String::new(), stderr: said.clone() };
            self.failed(&["psql".to_owned()], &out)
        })
    }

    async fn column(&self, table: &str, column: &str) -> Result<Option<Vec<String>>, Problem> {
        // It may lie in any schema of the search path. Where it is not, the second statement fails, and that is well.
        let there = format!("SELECT to_regclass('{table}') IS NOT NULL");
        let argv = self.psql(&[&there, &format!("SELECT {column} FROM {table} ORDER BY {column}")]).await?;
        let name = [("PGAPPNAME".to_owned(), self.session.clone())];
        let out = self.exec.exec(&self.service, &argv, &name, None, None).await?;
        let mut lines = out.stdout.lines();
        match (lines.next(), out.code) {
            (Some("f"), _) => Ok(None),
            (Some("t"), 0) => Ok(Some(lines.map(str::to_owned).filter(|value| !value.is_empty()).collect())),
            _ => Err(self.failed(&argv, &out)),
        }
    }

    /// `docker exec` that is ended leaves what it started running, with its locks.
    async fn end_sessions(&self) -> Result<(), Problem> {
        let name = self.session.replace('\'', "''");
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}' \
             AND pid <> pg_backend_pid()"
        );
        self.ask(&sql).await.map(drop)
    }

    async fn by_hand(&self, dump: &Utf8Path, compose: &str) -> Result<String, Problem> {
        let argv = Self::restore_argv(&self.login().await?);
        let words: Vec<String> = argv.iter().map(|a| quoted(a)).collect();
        let (service, dump) = (quoted(&self.service), quoted(dump.as_str()));
        Ok(format!("{compose} exec -T {service} {} < {dump}", words.join(" ")))
    }
}

fn open(path: &Utf8Path) -> Result<File, Problem> {
    File::open(path).map_err(|e| failed(path, &e))
}
