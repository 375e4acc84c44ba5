use std::fs::File;

use async_trait::async_trait;
use stapel_core::ports::ExecOutput;
use stapel_text::Problem;

/// Where PostgreSQL's own tools (`pg_dump`, `pg_restore`, `psql`) run, and how they reach the database. All else is the same
/// wherever they run: what has this is a [`Database`](crate::Database).
#[async_trait]
pub trait PostgresTools: Send + Sync {
    /// What people call the database; dumps are named after it.
    fn called(&self) -> String;

    /// Whether the database runs in a service of the app, so that it is there once the app was started.
    fn is_of_the_app(&self) -> bool;

    /// What our sessions are called in the database, so that they can be told from those of others.
    fn session(&self) -> &str;

    /// The options with which a tool reaches the database. There is no secret among them.
    ///
    /// # Errors
    /// When they cannot be found out.
    async fn reach(&self) -> Result<Vec<String>, Problem>;

    /// Runs a tool with its arguments to its end, whatever its exit code, with further variables. Input comes from `stdin`
    /// where given, output goes to `stdout` where given.
    ///
    /// # Errors
    /// When it cannot be run.
    async fn tool(
        &self,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem>;

    /// What a tool said that failed, as a problem; `said` holds no password of a URL.
    fn failed(&self, command: &str, said: &str) -> Problem;

    /// A line that a person types to have `words`, a tool with its arguments as a shell takes them, read the file `dump`.
    /// `compose` is how compose is called in the app's directory.
    fn typed(&self, words: &str, dump: &str, compose: &str) -> String;
}
