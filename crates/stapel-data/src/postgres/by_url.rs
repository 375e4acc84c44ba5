use std::fs::File;

use async_trait::async_trait;
use stapel_core::config::{Secret, Secrets};
use stapel_core::ports::ExecOutput;
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::PostgresTools;
use super::host::{self, Server};
use super::reason::reason;
use super::url::Url;

/// How the tools are told to take what the variables say: as a connection that says nothing itself.
const BY_VARIABLES: [&str; 2] = ["--no-password", "--dbname=fallback_application_name=stapel"];

/// For a server to answer, in seconds: a host that is gone answers nothing at all.
const CONNECTS: &str = "10";

/// A PostgreSQL database that a URL leads to. The URL is secret: it reaches the tools by their environment, which only their
/// owner and root can read, and never by their arguments.
pub struct PostgresByUrl {
    name: String,
    url: Result<Url, Problem>,
    variable: String,
    session: String,
    server: Server,
}

impl PostgresByUrl {
    /// The database of this name. That the URL is not at hand, or is none, is said when it is needed: a way back that has
    /// nothing to do with the database must not be kept up by it.
    #[must_use]
    pub fn new(name: &str, url: &Secret, secrets: &Secrets, session: &str) -> Self {
        let read = |text: String| Url::read(&text).ok_or_else(|| problem!(Usage, "data-postgres-url", database = name));
        Self {
            name: name.to_owned(),
            url: url.reveal(secrets).and_then(read),
            variable: url.variable().unwrap_or("DATABASE_URL").to_owned(),
            session: session.to_owned(),
            server: Server::new(),
        }
    }
}

#[async_trait]
impl PostgresTools for PostgresByUrl {
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
        Ok(BY_VARIABLES.map(str::to_owned).to_vec())
    }

    async fn tool(
        &self,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem> {
        let [name, arguments @ ..] = argv else { return Err(self.failed("", "")) };
        let url = self.url.as_ref().map_err(Clone::clone)?;
        let program = host::program(self, &self.server, name).await?;
        let mut all = vec![("PGCONNECT_TIMEOUT".to_owned(), CONNECTS.to_owned())];
        all.extend(url.env.iter().chain(env).cloned());
        host::run(Command::new(program).args(arguments), &all, stdin, stdout).await
    }

    fn failed(&self, command: &str, said: &str) -> Problem {
        let said = self.url.as_ref().map_or_else(|_| String::new(), |url| url.mask(said));
        reason(&self.name, command, &said)
    }

    /// The URL stays where the person has it: in the variable.
    fn typed(&self, words: &str, dump: &str, _compose: &str) -> String {
        let driver = self.url.as_ref().is_ok_and(|url| url.driver);
        let variable = &self.variable;
        // A driver in it is only for the app.
        let url = if driver { format!("postgresql://${{{variable}#*://}}") } else { format!("${variable}") };
        // Where the variable is not set the tools would take whatever the host has.
        let words = words.replace(BY_VARIABLES[1], &format!("--dbname=\"{url}\""));
        format!(": \"${{{variable}:?}}\" && {words} < {dump}")
    }
}
