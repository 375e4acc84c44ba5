//! A session with the agent of a project's target.

mod offer;

use jiff::Timestamp;
use stapel_agent::prepare::{self, Preparation, Step};
use stapel_agent::protocol::{
    Ask, Details, Holder, LogsAsk, Opening, Question, Reply, Request, ServiceLog, Status, Told,
};
use stapel_core::examination::Examined;
use stapel_core::observation::Observation;
use stapel_core::plan::Plan;
use stapel_core::ports::Instance;
use stapel_host::{Command, ProcessId};
use stapel_init::{Bundle, Composition, Survey};
use stapel_release::{Direction, Fault, Recorded, Release};
use stapel_text::{Problem, problem};
use stapel_wire::{Account, Agents, Host, Session, SshOptions};

use crate::project::Project;
use crate::render::Screen;

/// What a log that is followed says.
pub(crate) enum Said {
    Line {
        service: String,
        line: String,
    },
    /// Nothing can come of it.
    Silent {
        service: String,
        problem: Problem,
    },
    /// What comes is another instance's.
    Replaced {
        service: String,
        instance: Instance,
    },
}

/// Why a release is not followed any more.
pub(crate) enum Followed {
    /// It has ended, or its process has; how the journal has it then.
    Ended(Box<Release>),
    /// It asks a person something.
    Asks(Option<Box<Question>>),
}

/// What is said while a host is prepared.
pub(crate) enum Preparing {
    /// The step of this number begins.
    Step(usize),
    /// Its command says this.
    Line(String),
}

/// An open session about one app.
pub(crate) struct Client {
    session: Session,
}

impl Client {
    /// Connects to the target's host, brings the agent there where it is not, and opens the app.
    pub(crate) async fn open(project: &Project, screen: &Screen) -> Result<Self, Problem> {
        let mut client = Self::reach_target(project, screen).await?;
        let opening = Opening {
            config: project.config.clone(),
            secrets: project.secrets.clone(),
            target: project.target.clone(),
            who: person().await,
            origin: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            faults: Fault::list(&std::env::var("STAPEL_FAULT").unwrap_or_default())?,
        };
        match client.ask(&Request::Open(Box::new(opening))).await? {
            Reply::Opened { .. } => Ok(client),
            other => Err(unexpected(&other)),
        }
    }

    /// Connects to the target's host, and brings the agent there where it is not. No app is open yet.
    pub(crate) async fn reach_target(project: &Project, screen: &Screen) -> Result<Self, Problem> {
        let hidden = project.secrets.names().map(str::to_owned).collect();
        let ssh = SshOptions { hidden, ..SshOptions::from_env() };
        Self::reach(project.host(), project.account(), &ssh, screen).await
    }

    /// Connects to a host, and brings the agent there where it is not. No app is open yet.
    pub(crate) async fn reach(
        host: &str,
        account: Account,
        ssh: &SshOptions,
        screen: &Screen,
    ) -> Result<Self, Problem> {
        let host = Host::parse(host)?;
        let bringing = |done, total| screen.bringing_agent(done, total);
        let session = stapel_wire::connect(&host, account, &Agents::from_env()?, ssh, &bringing).await?;
        Ok(Self { session })
    }

    /// What runs on the host.
    pub(crate) async fn survey(&mut self) -> Result<Survey, Problem> {
        match self.ask(&Request::Survey).await? {
            Reply::Survey(survey) => Ok(*survey),
            other => Err(unexpected(&other)),
        }
    }

    /// What compose on the host makes of the files; `None` where there is none.
    pub(crate) async fn resolve(&mut self, bundle: Bundle) -> Result<Option<Composition>, Problem> {
        match self.ask(&Request::Resolve(Box::new(bundle))).await? {
            Reply::Composition { composition } => Ok(composition.map(|c| *c)),
            other => Err(unexpected(&other)),
        }
    }

    /// What the host has and lacks for such an app.
    pub(crate) async fn lacks(&mut self, wanted: &prepare::Wanted) -> Result<Preparation, Problem> {
        match self.ask(&Request::Lacks(wanted.clone())).await? {
            Reply::Prepared(found) => Ok(*found),
            other => Err(unexpected(&other)),
        }
    }

    /// Has these steps done, hands on what is said meanwhile, and gives what the host has and lacks then.
    pub(crate) async fn prepare(
        &mut self,
        wanted: &prepare::Wanted,
        steps: &[Step],
        mut see: impl FnMut(Preparing),
    ) -> Result<Preparation, Problem> {
        let request = Request::Prepare { wanted: wanted.clone(), steps: steps.to_vec() };
        self.session.connection.send(&request).await?;
        loop {
            match self.receive().await? {
                Reply::Preparing { step } => see(Preparing::Step(step)),
                Reply::PreparingLine { line } => see(Preparing::Line(line)),
                Reply::Prepared(found) => return Ok(*found),
                other => return Err(unexpected(&other)),
            }
        }
    }

    async fn receive(&mut self) -> Result<Reply, Problem> {
        match self.session.connection.recv_as::<Reply>().await? {
            Some(Reply::Problem(problem)) => Err(problem),
            Some(reply) => Ok(reply),
            None => Err(problem!(Failed, "cli-agent-gone")),
        }
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, Problem> {
        self.session.connection.send(request).await?;
        self.receive().await
    }

    /// What would be done, what was found, and which releases were put right before that; or, unless they are to be, which
    /// are unfinished.
    pub(crate) async fn plan(&mut self, ask: Ask, recover: bool) -> Result<(Plan, Observation, Vec<Release>), Problem> {
        match self.ask(&Request::Plan { ask, recover }).await? {
            Reply::Plan { plan, observation, recovered } => Ok((plan, *observation, recovered)),
            other => Err(unexpected(&other)),
        }
    }

    /// What holds of all that a release needs, and the host's clock.
    pub(crate) async fn examine(&mut self, ask: Ask) -> Result<(Vec<Examined>, Timestamp), Problem> {
        match self.ask(&Request::Examine(ask)).await? {
            Reply::Examined { all, now } => Ok((all, now)),
            other => Err(unexpected(&other)),
        }
    }

    /// Starts the release, if the plan still is the one that was shown. Returns its number.
    pub(crate) async fn start(&mut self, ask: Ask, plan: &Plan) -> Result<u64, Problem> {
        match self.ask(&Request::Start { ask, fingerprint: plan.fingerprint() }).await? {
            Reply::Started { release } => Ok(release),
            other => Err(unexpected(&other)),
        }
    }

    /// Hands each event of a release after this one to `see`, until it has ended or, where somebody sits here who can answer
    /// (`asks`), asks a person something.
    pub(crate) async fn follow(
        &mut self,
        release: u64,
        after: i64,
        asks: bool,
        mut see: impl FnMut(&Recorded),
    ) -> Result<Followed, Problem> {
        self.session.connection.send(&Request::Follow { release, after, asks }).await?;
        loop {
            match self.receive().await? {
                Reply::Event(recorded) => see(&recorded),
                Reply::Release(release) => return Ok(Followed::Ended(release)),
                Reply::Question { question } => return Ok(Followed::Asks(question)),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// What a release asks of a person now.
    pub(crate) async fn question(&mut self, release: u64) -> Result<Option<Question>, Problem> {
        match self.ask(&Request::Question { release }).await? {
            Reply::Question { question } => Ok(question.map(|question| *question)),
            other => Err(unexpected(&other)),
        }
    }

    /// Answers it, and gives what was answered.
    pub(crate) async fn answer(&mut self, release: u64, check: Option<String>, yes: bool) -> Result<Question, Problem> {
        match self.ask(&Request::Answer { release, check, yes }).await? {
            Reply::Question { question: Some(question) } => Ok(*question),
            other => Err(unexpected(&other)),
        }
    }

    /// The phase that comes after a release that was done, once it has begun; `None` where none does.
    pub(crate) async fn next(&mut self, release: u64) -> Result<Option<u64>, Problem> {
        match self.ask(&Request::Next { release }).await? {
            Reply::Next { release } => Ok(release),
            other => Err(unexpected(&other)),
        }
    }

    /// A release as the journal has it now.
    pub(crate) async fn release(&mut self, release: u64) -> Result<Release, Problem> {
        match self.ask(&Request::Release { release }).await? {
            Reply::Release(release) => Ok(*release),
            other => Err(unexpected(&other)),
        }
    }

    /// All that is known of a release.
    pub(crate) async fn details(&mut self, release: u64) -> Result<Details, Problem> {
        match self.ask(&Request::Show { release }).await? {
            Reply::Details(details) => Ok(*details),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks a release that runs to go back.
    pub(crate) async fn cancel(&mut self, release: u64) -> Result<Release, Problem> {
        match self.ask(&Request::Cancel { release }).await? {
            Reply::Release(release) => Ok(*release),
            other => Err(unexpected(&other)),
        }
    }

    /// Has a release taken up whose process died or that got stuck.
    pub(crate) async fn take_up(&mut self, release: u64, direction: Option<Direction>) -> Result<u64, Problem> {
        match self.ask(&Request::TakeUp { release, direction }).await? {
            Reply::Started { release } => Ok(release),
            other => Err(unexpected(&other)),
        }
    }

    /// Who holds the lock.
    pub(crate) async fn holder(&mut self) -> Result<Option<Holder>, Problem> {
        self.held(&Request::Holder).await
    }

    /// Ends the process that holds it, and gives who holds it then.
    pub(crate) async fn end_holder(&mut self, process: ProcessId) -> Result<Option<Holder>, Problem> {
        self.held(&Request::EndHolder { process }).await
    }

    async fn held(&mut self, request: &Request) -> Result<Option<Holder>, Problem> {
        match self.ask(request).await? {
            Reply::Held { holder } => Ok(holder.map(|h| *h)),
            other => Err(unexpected(&other)),
        }
    }

    /// Sends a word to everybody who is told of releases.
    pub(crate) async fn test_notices(&mut self) -> Result<Vec<Told>, Problem> {
        match self.ask(&Request::TestNotices).await? {
            Reply::Told { all } => Ok(all),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn status(&mut self) -> Result<Status, Problem> {
        match self.ask(&Request::Status).await? {
            Reply::Status(status) => Ok(*status),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn history(&mut self, limit: usize) -> Result<Vec<Release>, Problem> {
        match self.ask(&Request::History { limit }).await? {
            Reply::History { releases } => Ok(releases),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn logs(&mut self, ask: LogsAsk) -> Result<Vec<ServiceLog>, Problem> {
        match self.ask(&Request::Logs(ask)).await? {
            Reply::Logs { services } => Ok(services),
            other => Err(unexpected(&other)),
        }
    }

    /// Hands on what the services say as they say it, until `show` says that nobody listens.
    pub(crate) async fn follow_logs(
        &mut self,
        ask: LogsAsk,
        show: &mut impl FnMut(Said) -> bool,
    ) -> Result<(), Problem> {
        self.session.connection.send(&Request::FollowLogs(ask)).await?;
        loop {
            let said = match self.receive().await? {
                Reply::LogLine { service, line } => Said::Line { service, line },
                Reply::LogInstance { service, instance } => Said::Replaced { service, instance },
                Reply::LogSilent { service, problem } => Said::Silent { service, problem },
                other => return Err(unexpected(&other)),
            };
            if !show(said) {
                return Ok(());
            }
        }
    }
}

/// Who sits here: as the environment says, else as the system does (cron and pipelines have no `USER`).
async fn person() -> String {
    if let Ok(name) = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")) {
        return name;
    }
    let said = Command::new("id").arg("-un").run().await;
    said.map_or_else(|_| "?".to_owned(), |done| done.stdout.trim().to_owned())
}

fn unexpected(reply: &Reply) -> Problem {
    problem!(Failed, "cli-protocol", reply = format!("{reply:?}").chars().take(80).collect::<String>())
}
