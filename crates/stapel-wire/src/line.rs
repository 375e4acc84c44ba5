use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use stapel_text::{Problem, problem, seconds};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::stderr::Stderr;
use crate::{Connection, Ended, Hello};

/// How long a program that nobody is asked by may take to say hello: the 20 s that `ssh` has to connect, and the
/// start of the agent on a busy host.
const GREETING: Duration = Duration::from_secs(90);

/// How long a process is given to end by itself once its input has ended.
const GOODBYE: Duration = Duration::from_secs(10);

/// A child process with its three ends: `ssh`, or the agent itself on this machine.
pub(crate) struct Line {
    child: Child,
    pub(crate) stderr: Stderr,
}

/// How an attempt to greet ended.
pub(crate) enum Greeting {
    /// The agent is there.
    Open(Connection<ChildStdout, ChildStdin>, Hello),
    /// The process ended, or closed its output, without a hello; what it said on standard output.
    Silent(Problem),
}

impl Line {
    /// Starts it. The process ends with this value.
    pub(crate) fn start(mut command: Command) -> std::io::Result<(Self, ChildStdin, ChildStdout)> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let missing = || std::io::Error::other("no pipe");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = Stderr::listen(child.stderr.take().ok_or_else(missing)?);
        Ok((Self { child, stderr }, stdin, stdout))
    }

    /// Says hello and waits for the answer; without a bound where a person may be asked for a password meanwhile.
    pub(crate) async fn greet(
        stdin: ChildStdin,
        stdout: ChildStdout,
        hello: &Hello,
        interactive: bool,
    ) -> Result<Greeting, Problem> {
        let opening = Connection::open(stdout, stdin, hello);
        let opened = if interactive {
            opening.await
        } else {
            timeout(GREETING, opening)
                .await
                .unwrap_or_else(|_| Err(problem!(Refused, "wire-hello-late", limit = seconds(GREETING.as_secs_f64()))))
        };
        match opened {
            Ok((connection, theirs)) => Ok(Greeting::Open(connection, theirs)),
            Err(problem) if matches!(problem.code(), "wire-no-hello" | "wire-cut") => Ok(Greeting::Silent(problem)),
            Err(problem) => Err(problem),
        }
    }

    /// Waits for its end, at most a bound, after which it is ended.
    pub(crate) async fn end(&mut self) -> Ended {
        let status = match timeout(GOODBYE, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => match self.child.kill().await {
                Ok(()) => self.child.wait().await,
                Err(e) => Err(e),
            },
        };
        self.ended(status).await
    }

    /// Waits for its end as long as it takes.
    pub(crate) async fn wait(&mut self) -> Ended {
        let status = self.child.wait().await;
        self.ended(status).await
    }

    async fn ended(&mut self, status: std::io::Result<ExitStatus>) -> Ended {
        self.stderr.end().await;
        let code = status.map_or(-1, |s| s.code().unwrap_or_else(|| 128 + s.signal().unwrap_or(0)));
        Ended { code, said: self.stderr.said() }
    }
}
