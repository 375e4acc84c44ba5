use stapel_text::{Problem, problem};
use tokio::process::Command;

use crate::bring::bring;
use crate::diagnose::{self, SSH_FAILED, machine_unfit};
use crate::line::{Greeting, Line};
use crate::script::{NO_SUDO, SUDO_REFUSES, start};
use crate::{Account, AgentBinary, Agents, Ended, Hello, Host, Session, SshOptions, sudo};

/// Starts the agent on `host` as that account and greets it. On this machine it is a child process; elsewhere it is started
/// over `ssh`, in the build that suits the host, and brought there first if that build of it is not there or is damaged, with
/// `progress` told the bytes done and in all.
///
/// # Errors
/// For ssh itself `wire-no-ssh`, `wire-unreachable`, `wire-permission`, `wire-host-key`, `wire-ssh-failed`; for the host
/// `wire-machine-unfit`, `wire-agent-cannot-run`, `wire-no-place`, `wire-no-space`, `wire-cannot-write`, `wire-no-hasher`,
/// `wire-arrived-damaged`, `wire-shell`; for `sudo` there `wire-sudo-password`, `wire-sudo-refused`, `wire-no-sudo`;
/// `wire-protocol`, `wire-hello-late`, `wire-local-failed`.
pub async fn connect(
    host: &Host,
    account: Account,
    agents: &Agents,
    ssh: &SshOptions,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Session, Problem> {
    let Some(destination) = host.destination() else { return local(account, &agents.local()?, ssh).await };
    let open = async |agent: &AgentBinary| {
        open(ssh.command(destination, &start(agent, account)), agent, ssh.interactive).await
    };
    let mut agent = agents.first()?;
    let mut silence = match open(&agent).await? {
        Ok(session) => return Ok(session),
        Err(silence) => silence,
    };
    let Some(machine) = silence.may_be_mended() else { return Err(silence.problem(host)) };
    let suiting = agents.for_machine(&machine)?;
    if !suiting.machine().runs_on(&machine) {
        return Err(machine_unfit(host, &machine, &suiting, &agents.place(&machine)));
    }
    if suiting != agent {
        // It may be there from another time.
        agent = suiting;
        silence = match open(&agent).await? {
            Ok(session) => return Ok(session),
            Err(silence) => silence,
        };
        if silence.may_be_mended().is_none() {
            return Err(silence.problem(host));
        }
    }
    bring(host, destination, &agent, ssh, progress).await?;
    match open(&agent).await? {
        Ok(session) => Ok(session),
        Err(silence) => Err(silence.problem(host)),
    }
}

async fn local(account: Account, agent: &AgentBinary, ssh: &SshOptions) -> Result<Session, Problem> {
    let mut command = match account {
        Account::Own => Command::new(agent.path()),
        Account::Sudo => sudo::command(agent.path()).await?,
    };
    command.args(["agent", "serve"]).process_group(0);
    ssh.hide(&mut command);
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
    user: Option<String>,
    instead: Problem,
}

impl Silence {
    /// What the host is, if bringing the agent may help: it is not there, or not whole, or was brought for another machine.
    /// Bringing looks closer; one that is whole it leaves alone.
    fn may_be_mended(&self) -> Option<String> {
        let elsewhere = [SSH_FAILED, SUDO_REFUSES, NO_SUDO].contains(&self.ended.code);
        self.machine.clone().filter(|_| !elsewhere)
    }

    fn problem(self, host: &Host) -> Problem {
        diagnose::silence(host, &self.ended, self.machine.as_deref(), self.user.as_deref(), self.instead)
    }
}

async fn open(command: Command, agent: &AgentBinary, interactive: bool) -> Result<Result<Session, Silence>, Problem> {
    let (mut line, stdin, stdout) = Line::start(command).map_err(|e| diagnose::no_ssh(&e))?;
    match Line::greet(stdin, stdout, &Hello::new(agent.build()), interactive).await? {
        Greeting::Open(connection, peer) => Ok(Ok(Session::new(connection, peer, line))),
        Greeting::Silent(instead) => {
            let ended = line.end().await;
            let (machine, user) = (line.stderr.machine(), line.stderr.user());
            Ok(Err(Silence { ended, machine, user, instead }))
        }
    }
}
