use std::fs::File;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use stapel_core::ports::ExecOutput;
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::PostgresTools;
use super::host::{self, Server};
use super::login::Login;
use super::reason::reason;
use crate::quoted::quoted;

/// A database of the host's own PostgreSQL server, reached over its socket with peer authentication: the server believes
/// the system who asks, so there is no password. The tools run as the system's user of the same name as the role.
pub struct PostgresOnHost {
    /// What people call it; dumps are named after it.
    pub name: String,
    /// The system's user and the role.
    pub user: String,
    /// Which database.
    pub database: String,
    /// The directory of the socket, if not the usual one.
    pub socket: Option<Utf8PathBuf>,
    /// The port that is part of the socket's name, if not 5432.
    pub port: Option<u16>,
    /// What our sessions are called in the database.
    pub session: String,
    server: Server,
}

impl PostgresOnHost {
    /// The database of this name at the usual socket.
    #[must_use]
    pub fn new(name: &str, user: &str, database: &str, session: &str) -> Self {
        let [name, user, database, session] = [name, user, database, session].map(str::to_owned);
        Self { name, user, database, session, socket: None, port: None, server: Server::new() }
    }

    /// At this socket instead.
    #[must_use]
    pub fn at(mut self, socket: Option<Utf8PathBuf>, port: Option<u16>) -> Self {
        (self.socket, self.port) = (socket, port);
        self
    }
}

#[async_trait]
impl PostgresTools for PostgresOnHost {
    fn called(&self) -> String {
        self.name.clone()
    }

    fn is_of_the_app(&self) -> bool {
        false
    }

    fn session(&self) -> &str {
        &self.session
    }

    async fn reach(&self) -> Result<Vec<String>, Problem> {
        let login = Login { user: self.user.clone(), database: self.database.clone() };
        let mut all = login.options().to_vec();
        all.extend(self.socket.iter().map(|socket| format!("--host={socket}")));
        all.extend(self.port.iter().map(|port| format!("--port={port}")));
        Ok(all)
    }

    async fn tool(
        &self,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem> {
        let [name, arguments @ ..] = argv else { return Err(self.failed("", "")) };
        let program = host::program(self, &self.server, name).await?;
        // What asks no server (a dump is read back) is nobody else's business.
        if !arguments.iter().any(|argument| argument.starts_with("--dbname=")) {
            return host::run(Command::new(program).args(arguments), env, stdin, stdout).await;
        }
        let me = Command::new("id").arg("-un").run().await?.stdout.trim().to_owned();
        let command = if me == self.user {
            Command::new(program)
        } else if me == "root" {
            Command::new("runuser").args(["-u", self.user.as_str(), "--"]).arg(program)
        } else {
            return Err(problem!(Refused, "data-postgres-other-user", user = &self.user, me = me));
        };
        host::run(command.args(arguments), env, stdin, stdout).await
    }

    fn failed(&self, command: &str, said: &str) -> Problem {
        reason(&self.name, command, said)
    }

    fn typed(&self, words: &str, dump: &str, _compose: &str) -> String {
        // The file is opened by whoever types it, who may read it.
        format!("runuser -u {} -- {words} < {dump}", quoted(&self.user))
    }
}
