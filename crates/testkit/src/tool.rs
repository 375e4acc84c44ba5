use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wait::until;

/// What a command came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output, with what is not UTF-8 replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// A command of the test world: a program, its arguments and the way it is shown in errors.
#[derive(Debug)]
pub struct Tool {
    command: Command,
    shown: String,
}

impl Output {
    /// Whether it ended with 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.code == 0
    }
}

impl From<std::process::Output> for Output {
    fn from(out: std::process::Output) -> Self {
        Self {
            code: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }
}

impl Tool {
    /// A command of this program without input.
    pub fn new(program: impl Into<OsString>) -> Self {
        let program = program.into();
        let shown = program.to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { command, shown }
    }

    /// `docker` with these arguments.
    pub fn docker<I: IntoIterator<Item = A>, A: Into<OsString>>(args: I) -> Self {
        Self::new("docker").args(args)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        let arg = arg.into();
        self.shown = format!("{} {}", self.shown, arg.to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = A>, A: Into<OsString>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in this directory.
    #[must_use]
    pub fn current_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Feeds it what another command puts out.
    #[must_use]
    pub fn input(mut self, input: impl Into<Stdio>) -> Self {
        self.command.stdin(input);
        self
    }

    /// Runs it to its end, whatever its exit code.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn finish(mut self) -> Result<Output> {
        let out = self.command.output().with_context(|| format!("failed to start `{}`", self.shown))?;
        Ok(out.into())
    }

    /// Runs it to its end and gives standard output without white space around it.
    ///
    /// # Errors
    /// When it cannot be started or does not end with 0; then with what it said.
    pub fn run(self) -> Result<String> {
        let shown = self.shown.clone();
        let out = self.finish()?;
        if !out.ok() {
            bail!("`{shown}` ended with {}: {}", out.code, tail(&[out.stdout.trim(), out.stderr.trim()].join("\n")));
        }
        Ok(out.stdout.trim().to_owned())
    }

    /// Whether it can be started and ends with 0.
    #[must_use]
    pub fn succeeds(self) -> bool {
        self.finish().is_ok_and(|out| out.ok())
    }

    /// Runs it without its output and kills it when it has not ended within `limit`; whether it ended with 0.
    ///
    /// # Errors
    /// When it cannot be started or waited for.
    pub fn succeeds_within(mut self, limit: Duration) -> Result<bool> {
        let mut child = self.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let ended = until(&self.shown, limit, || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        Ok(ended.is_ok_and(|status| status.success()))
    }

    /// Starts it with its output in a pipe, for [`Tool::pipe_into`].
    fn producer(&mut self) -> Result<Child> {
        self.command.stdout(Stdio::piped()).spawn().with_context(|| format!("failed to start `{}`", self.shown))
    }

    /// Runs both at once with the output of this one as the input of the other, byte for byte.
    ///
    /// # Errors
    /// When one of them cannot be started or does not end with 0.
    pub fn pipe_into(mut self, consumer: Self) -> Result<String> {
        let mut producer = self.producer()?;
        let pipe = producer.stdout.take().context("a pipe without an end")?;
        let consumed = consumer.input(pipe).run();
        let status = producer.wait()?;
        let out = consumed?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.shown);
        }
        Ok(out)
    }

    /// Starts it with both outputs appended to `log` and leaves it running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn leave_running(mut self, log: File) -> Result<Child> {
        self.command
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("failed to start `{}`", self.shown))
    }
}

/// The end of what a command said, short enough for an error message.
fn tail(said: &str) -> &str {
    let said = said.trim();
    &said[said.ceil_char_boundary(said.len().saturating_sub(4096))..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failing_command_said_is_in_the_error() {
        let error = Tool::new("ls").arg("/nowhere/at/all").run().unwrap_err().to_string();
        assert!(error.contains("/nowhere/at/all") && error.contains("ended with 2"), "{error}");
    }

    #[test]
    fn bytes_go_through_a_pipe() {
        let out = Tool::new("printf").arg("a\\000b\\n").pipe_into(Tool::new("od").args(["-An", "-c"])).unwrap();
        assert_eq!(out, "a  \\0   b  \\n");
    }

    #[test]
    fn a_command_over_its_limit_is_ended() {
        assert!(!Tool::new("cat").input(Stdio::piped()).succeeds_within(Duration::from_millis(50)).unwrap());
        assert!(Tool::new("true").succeeds_within(Duration::from_secs(10)).unwrap());
    }
}
