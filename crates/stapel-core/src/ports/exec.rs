use std::fs::File;

use async_trait::async_trait;
use stapel_text::Problem;

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
}
