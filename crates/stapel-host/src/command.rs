use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

use stapel_core::ports::{Lines, Silent};
use stapel_text::{Problem, problem};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How much of what a failing command said is kept for the message, in bytes from the end.
const SAID: usize = 4096;

/// A command as a program and a list of arguments.
#[derive(Debug)]
pub struct Command {
    inner: tokio::process::Command,
    shown: String,
}

/// What a command came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The exit code; 128 + the signal's number when a signal ended it.
    pub code: i32,
    /// Standard output, where it was not sent to a file.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    shown: String,
}

impl Command {
    /// A command of this program.
    pub fn new(program: impl Into<OsString>) -> Self {
        let program = program.into();
        let shown = program.to_string_lossy().into_owned();
        let mut inner = tokio::process::Command::new(program);
        inner.stdin(Stdio::null()).kill_on_drop(true);
        Self { inner, shown }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        let arg = arg.into();
        self.shown = format!("{} {}", self.shown, arg.to_string_lossy());
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = A>, A: Into<OsString>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Adds an argument that is not shown in any message, because it holds a secret or is of no interest.
    #[must_use]
    pub fn hidden_arg(mut self, arg: impl Into<OsString>) -> Self {
        self.inner.arg(arg.into());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.inner.env(name, value.into());
        self
    }

    /// Takes a variable out of its environment.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.inner.env_remove(name);
        self
    }

    /// Runs it as this user and group, which only root may; without further groups.
    #[must_use]
    pub fn account(mut self, uid: u32, gid: u32) -> Self {
        self.inner.uid(uid).gid(gid);
        self
    }

    /// Runs it in this directory.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// Feeds it a file.
    #[must_use]
    pub fn stdin_file(mut self, file: File) -> Self {
        self.inner.stdin(Stdio::from(file));
        self
    }

    /// Runs it to its end and gives its output, whatever its exit code.
    ///
    /// # Errors
    /// `command-missing` or `io-failed` when it cannot be started or read.
    pub async fn finish(self) -> Result<Finished, Problem> {
        self.stream(&Silent).await
    }

    /// Runs it to its end; an exit code other than 0 is a problem that holds what it said.
    ///
    /// # Errors
    /// As [`Command::finish`], and `command-failed`.
    pub async fn run(self) -> Result<Finished, Problem> {
        self.finish().await?.success()
    }

    /// As [`Command::finish`], and hands each line of both outputs to `lines` as it comes.
    ///
    /// # Errors
    /// As [`Command::finish`].
    pub async fn stream(mut self, lines: &dyn Lines) -> Result<Finished, Problem> {
        tracing::debug!(command = self.shown, "run");
        self.inner.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr, status) = tokio::join!(collect(out, lines), collect(err, lines), child.wait());
        let failed = |e: std::io::Error| io(&self.shown, &e);
        Ok(Finished {
            code: code(status.map_err(failed)?),
            stdout: stdout.map_err(failed)?,
            stderr: stderr.map_err(failed)?,
            shown: self.shown,
        })
    }

    /// Runs it to its end with standard output written to `file`, byte for byte.
    ///
    /// # Errors
    /// As [`Command::finish`].
    pub async fn into_file(mut self, file: File) -> Result<Finished, Problem> {
        tracing::debug!(command = self.shown, "run into a file");
        self.inner.stdout(Stdio::from(file)).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        let err = child.stderr.take();
        let (stderr, status) = tokio::join!(collect(err, &Silent), child.wait());
        let failed = |e: std::io::Error| io(&self.shown, &e);
        Ok(Finished {
            code: code(status.map_err(failed)?),
            stdout: String::new(),
            stderr: stderr.map_err(failed)?,
            shown: self.shown,
        })
    }

    fn spawn(&mut self) -> Result<tokio::process::Child, Problem> {
        self.inner.spawn().map_err(|e| match e.kind() {
            ErrorKind::NotFound => {
                problem!(Failed, "command-missing", command = self.inner.as_std().get_program().to_string_lossy())
            }
            _ => io(&self.shown, &e),
        })
    }
}

impl Finished {
    /// Itself where the exit code is 0, else the problem `command-failed` with the end of what it said.
    ///
    /// # Errors
    /// `command-failed`.
    pub fn success(self) -> Result<Self, Problem> {
        if self.code == 0 { Ok(self) } else { Err(self.problem()) }
    }

    /// The problem `command-failed` about this command.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let said = said.trim();
        let tail = &said[said.ceil_char_boundary(said.len().saturating_sub(SAID))..];
        problem!(
            Failed,
            "command-failed",
            command = &self.shown,
            output = if tail.is_empty() { format!("exit {}", self.code) } else { tail.to_owned() }
        )
    }
}

async fn collect(reader: Option<impl AsyncRead + Unpin>, lines: &dyn Lines) -> std::io::Result<String> {
    let mut all = String::new();
    let Some(reader) = reader else { return Ok(all) };
    let mut reader = BufReader::new(reader);
    let mut buffer = Vec::new();
    while reader.read_until(b'\n', &mut buffer).await? > 0 {
        let line = String::from_utf8_lossy(&buffer);
        all.push_str(&line);
        lines.line(line.trim_end_matches(['\n', '\r']));
        buffer.clear();
    }
    Ok(all)
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn io(what: &str, error: &std::io::Error) -> Problem {
    problem!(Failed, "io-failed", path = what, error = error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn arguments_are_data() {
        let out = Command::new("printf").args(["%s|", "a b", "$(id)", ";"]).run().await.unwrap();
        assert_eq!(out.stdout, "a b|$(id)|;|");
    }

    #[tokio::test]
    async fn a_failure_says_what_the_command_said() {
        let problem = Command::new("ls").arg("/nowhere/at/all").run().await.unwrap_err();
        assert_eq!(problem.code(), "command-failed");
        assert!(problem.to_string().contains("/nowhere/at/all"), "{problem}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let problem = Command::new("no-such-program").run().await.unwrap_err();
        assert_eq!(problem.code(), "command-missing");
    }
}
