use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::ports::{Exec, ExecOutput};
use stapel_text::{Problem, problem};

use super::PostgresTools;
use super::login::Login;
use crate::quoted::quoted;

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
            Some(path) => {
                let argv = ["cat".to_owned(), path];
                let out = self.tool(&argv, &[], None, None).await?;
                match out.code {
                    0 => Ok(Some(out.stdout.trim().to_owned())),
                    _ => Err(self.failed(&argv.join(" "), out.stderr.trim())),
                }
            }
            None => Ok(None),
        }
    }
}

#[async_trait]
impl PostgresTools for PostgresInService {
    fn called(&self) -> String {
        self.service.clone()
    }

    fn is_of_the_app(&self) -> bool {
        true
    }

    fn session(&self) -> &str {
        &self.session
    }

    async fn reach(&self) -> Result<Vec<String>, Problem> {
        Ok(self.login().await?.options().to_vec())
    }

    async fn tool(
        &self,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem> {
        self.exec.exec(&self.service, argv, env, stdin, stdout).await
    }

    fn failed(&self, command: &str, said: &str) -> Problem {
        problem!(Failed, "data-postgres-failed", service = &self.service, command = command, output = said)
    }

    fn typed(&self, words: &str, dump: &str, compose: &str) -> String {
        format!("{compose} exec -T {} {words} < {dump}", quoted(&self.service))
    }
}
