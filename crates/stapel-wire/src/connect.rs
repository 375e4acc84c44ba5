use stapel_text::{Problem, problem};
use tokio::process::Command;

use crate::bring::bring;
use crate::diagnose::{self, machine_unfit};
use crate::line::{Greeting, Line};
use crate::script::{self, ABSENT};
use crate::{AgentBinary, Ended, Hello, Host, Session, SshOptions};

/// Starts the agent on `host` and greets it. On this machine it is a child process; elsewhere it is started over `ssh`,
/// and brought there first if that build of it is not there, with `progress` told the bytes done and in all.
///
/// # Errors
/// For ssh itself `wire-no-ssh`, `wire-unreachable`, `wire-permission`, `wire-host-key`, `wire-ssh-failed`; for the host
/// `wire-machine-unfit`, `wire-agent-cannot-run`, `wire-no-space`, `wire-cannot-write`, `wire-no-hasher`,
/// `wire-arrived-damaged`, `wire-shell`; `wire-protocol`, `wire-hello-late`, `wire-local-failed`.
pub async fn connect(
    host: &Host,
    agent: &AgentBinary,
    ssh: &SshOptions,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Session, Problem> {
    let Some(destination) = host.destination() else { return local(agent).await };
    let command = || ssh.command(destination, &script::start(agent));
    let silence = match open(command(), agent, ssh.interactive).await? {
        Ok(session) => return Ok(session),
        Err(silence) => silence,
    };
    if silence.ended.code != ABSENT || silence.machine.is_none() {
        return Err(silence.problem(host));
    }
    let machine = silence.machine.as_deref().unwrap_or_default();
    if !agent.machine().runs_on(machine) {
        return Err(machine_unfit(host, machine, agent));
    }
    bring(host, destination, agent, ssh, progress).await?;
    match open(command(), agent, ssh.interactive).await? {
        Ok(session) => Ok(session),
        Err(silence) => Err(silence.problem(host)),
    }
}

async fn local(agent: &AgentBinary) -> Result<Session, Problem> {
    let mut command = Command::new(agent.path());
    command.args(["agent", "serve"]).process_group(0);
    let failed = |said: String| problem!(Refused, "wire-local-failed", program = agent.path().display(), said = said);
    let (mut line, stdin, stdout) = Line::start(command).map_err(|e| failed(e.to_string()))?;
    match Line::greet(stdin, stdout, &Hello::new(agent.build()), false).await? {
        Greeting::Open(connection, peer) => Ok(Session::new(connection, peer, line)),
        Greeting::Silent(silent) => {
            let ended = line.end().await;
            Err(failed(if ended.said.is_empty() { format!("exit {}", ended.code) } else { ended.said }).because(silent))
        }
    }
}

/// An agent that did not say hello.
struct Silence {
    ended: Ended,
    machine: Option<String>,
    instead: Problem,
}

impl Silence {
    fn problem(self, host: &Host) -> Problem {
        diagnose::silence(host, &self.ended, self.machine.as_deref(), self.instead)
    }
}

async fn open(command: Command, agent: &AgentBinary, interactive: bool) -> Result<Result<Session, Silence>, Problem> {
    let (mut line, stdin, stdout) = Line::start(command).map_err(|e| diagnose::no_ssh(&e))?;
    match Line::greet(stdin, stdout, &Hello::new(agent.build()), interactive).await? {
        Greeting::Open(connection, peer) => Ok(Ok(Session::new(connection, peer, line))),
        Greeting::Silent(instead) => {
            let ended = line.end().await;
            Ok(Err(Silence { ended, machine: line.stderr.machine(), instead }))
        }
    }
}
