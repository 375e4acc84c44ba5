use std::fs::File;

use async_trait::async_trait;
use stapel_text::{Problem, problem};

/// What a command inside an instance came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// The exit code.
    pub code: i32,
    /// Standard output, empty where it went to a file.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Commands inside the running real instance of a service (`pg_dump` where the database is), without a terminal in
/// between, so that bytes stay bytes.
#[async_trait]
pub trait Exec: Send + Sync {
    /// Runs `argv` in the real instance of `service`. `env` are further variables (never shown). Input comes from
    /// `stdin` where given, output goes to `stdout` where given.
    async fn exec(
        &self,
        service: &str,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem>;

    /// A variable of the real instance's environment; `None` where it is not set, or empty. An engine that knows without
    /// running anything says so at once.
    ///
    /// # Errors
    /// When it cannot be asked.
    async fn variable(&self, service: &str, name: &str) -> Result<Option<String>, Problem> {
        let argv = ["printenv".to_owned(), name.to_owned()];
        let out = self.exec(service, &argv, &[], None, None).await?;
        let value = out.stdout.trim();
        // It ends with 1 for one that is not set.
        match out.code {
            0 | 1 if value.is_empty() => Ok(None),
            0 => Ok(Some(value.to_owned())),
            code => Err(problem!(
                Failed,
                "command-failed",
                command = argv.join(" "),
                output = if out.stderr.trim().is_empty() { format!("exit {code}") } else { out.stderr }
            )),
        }
    }
}
