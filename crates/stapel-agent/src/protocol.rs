//! What the command on the operator's machine and the agent on the host say to each other, as JSON in control frames.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_core::config::{Config, Secrets};
use stapel_core::examination::Examined;
use stapel_core::observation::{FileChange, Observation};
use stapel_core::plan::{PhaseGoal, Plan};
use stapel_core::ports::{Health, Instance};
use stapel_git::{Since, Unclean};
use stapel_host::ProcessId;
use stapel_init::{Bundle, Composition, Survey};
use stapel_release::{Direction, Fault, Outcome, Owner, Recorded, Release, StepState};
use stapel_text::{Problem, Text};
use stapel_tree::{Entry, Hash, Part};

use crate::prepare::{Preparation, Step, Wanted};

/// Who speaks, and about which app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The whole configuration, as it was read on the operator's machine.
    pub config: Config,
    /// What its secret values stand for. It must not come to any record.
    #[serde(default, skip_serializing_if = "Secrets::is_empty")]
    pub secrets: Secrets,
    /// The target's name in it.
    pub target: String,
    /// The person.
    pub who: String,
    /// The machine they sit at.
    pub origin: String,
    /// What is to go wrong in the release, for tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

impl Opening {
    /// The person, with the machine.
    #[must_use]
    pub fn person(&self) -> String {
        format!("{}@{}", self.who, self.origin)
    }
}

/// What a release is asked for; the agent makes the [`Goal`](stapel_core::plan::Goal) of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Ask {
    /// Put the tree that was offered in service.
    Deploy {
        /// The hash of its manifest, which [`Reply::Wanted`] named.
        manifest: Hash,
        /// The commit it comes from.
        commit: Option<String>,
        /// The first line of its message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
    },
    /// Put several trees in service, one after the other, each up to its gate.
    Phases {
        /// They, in order.
        phases: Vec<PhaseAsk>,
    },
    /// Put an earlier release in service again.
    Rollback {
        /// Which; `None`: the one before the one in service.
        to: Option<u64>,
        /// Take the schema down to what it was then, after the switch.
        down: bool,
    },
    /// Start services again.
    Restart {
        /// Which; none: all that releases replace.
        services: Vec<String>,
        /// Stop and start them, also where a relay would lose no request.
        hard: bool,
    },
}

/// What is asked for in one of the configuration's phases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseAsk {
    /// Its place among `[[phase]]`, from 0.
    pub phase: usize,
    /// As in [`Ask::Deploy`].
    pub manifest: Hash,
    /// As in [`Ask::Deploy`].
    pub commit: Option<String>,
    /// As in [`Ask::Deploy`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What the host's own checkout has fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    /// What is to be asked for it.
    pub ask: Ask,
    /// What lies between it and what is in service, or was checked out, where that is known.
    pub since: Option<Since>,
    /// What was edited on the host.
    pub unclean: Option<Unclean>,
}

/// From the operator's machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum Request {
    /// First of all, but for what comes before there can be an app: [`Request::Survey`], [`Request::Resolve`],
    /// [`Request::Lacks`], [`Request::Prepare`].
    Open(Box<Opening>),
    /// What runs on the host? Answered by [`Reply::Survey`]. Nothing is changed.
    Survey,
    /// What does compose on the host make of these files? Answered by [`Reply::Composition`].
    Resolve(Box<Bundle>),
    /// What does this host lack for an app that wants this? Answered by [`Reply::Prepared`]. Nothing is changed.
    Lacks(Wanted),
    /// Do these steps; answered by [`Reply::Preparing`] and [`Reply::PreparingLine`]s, and by [`Reply::Prepared`] with how it
    /// is then.
    Prepare {
        /// For this app.
        wanted: Wanted,
        /// Those that were shown.
        steps: Vec<Step>,
    },
    /// A tree that is going to be deployed, by its manifest's hash; answered by [`Reply::Wanted`] where the host has the
    /// manifest from before, else by [`Reply::Unknown`].
    Known {
        /// The hash of its manifest.
        manifest: Hash,
    },
    /// The same; the next content frames hold the manifest as JSON, compressed. Answered by [`Reply::Wanted`].
    Offer {
        /// The hash of the JSON.
        manifest: Hash,
        /// How many bytes come.
        bytes: u64,
    },
    /// The next content frames hold these blocks of objects, one after the other, each compressed. Not answered.
    Objects {
        /// They.
        blocks: Vec<Announced>,
    },
    /// The host's own checkout is to fetch; answered by [`Reply::Fetched`].
    Fetch {
        /// A commit, tag or branch instead of the newest commit of the branch that it follows.
        reference: Option<String>,
        /// Whether commits may go that are checked out there now.
        may_drop: bool,
        /// Files with secrets from the operator's machine, whose contents were brought.
        env: BTreeMap<String, Entry>,
    },
    /// All objects were sent; answered by [`Reply::Stored`].
    Stored,
    /// What would be done? Answered by [`Reply::Plan`].
    Plan {
        /// What is asked for.
        ask: Ask,
        /// Whether what was left unfinished is put right before: else nothing at all is changed.
        recover: bool,
    },
    /// Does everything hold that a release needs? Answered by [`Reply::Examined`]. Nothing is changed, nothing recovered.
    Examine(Ask),
    /// Do it, if the plan still has this fingerprint; answered by [`Reply::Started`].
    Start {
        /// What is asked for.
        ask: Ask,
        /// The fingerprint of the plan that was shown.
        fingerprint: String,
    },
    /// The events of a release as they come; answered by [`Reply::Event`]s and one [`Reply::Release`] at its end.
    Follow {
        /// Which.
        release: u64,
        /// Those after this one; 0 for all.
        after: i64,
        /// Somebody sits there who can answer: when a person is asked something, [`Reply::Question`] ends it.
        asks: bool,
    },
    /// Which phase comes after a release that was done? Answered by [`Reply::Next`] when that has begun, or it is plain that
    /// none does.
    Next {
        /// That release.
        release: u64,
    },
    /// What is asked of a person now; answered by [`Reply::Question`].
    Question {
        /// In which release.
        release: u64,
    },
    /// The answer to it; answered by [`Reply::Question`] with what was answered.
    Answer {
        /// In which release.
        release: u64,
        /// The check, by name; `None`: the one that is asked now.
        check: Option<String>,
        /// Whether it holds.
        yes: bool,
    },
    /// A release as the journal has it now; answered by [`Reply::Release`].
    Release {
        /// Which.
        release: u64,
    },
    /// All that is known of a release; answered by [`Reply::Details`].
    Show {
        /// Which.
        release: u64,
    },
    /// Go back, whatever you are doing; answered by [`Reply::Release`], at once.
    Cancel {
        /// Which.
        release: u64,
    },
    /// Take up a release whose process died or that got stuck; answered by [`Reply::Started`].
    TakeUp {
        /// Which.
        release: u64,
        /// Which way; `None`: the one that is declared for where it stands.
        direction: Option<Direction>,
    },
    /// Who holds the lock, and what is there to be seen of it? Answered by [`Reply::Held`].
    Holder,
    /// End this process, if it still is the one that holds the lock; answered by [`Reply::Held`].
    EndHolder {
        /// The one that was shown.
        process: ProcessId,
    },
    /// Send a word to everybody who is told of releases; answered by [`Reply::Told`].
    TestNotices,
    /// How is it? Answered by [`Reply::Status`].
    Status,
    /// The newest releases; answered by [`Reply::History`].
    History {
        /// How many at most.
        limit: usize,
    },
    /// The log of the services; answered by [`Reply::Logs`].
    Logs(LogsAsk),
    /// The same, and what comes; answered by [`Reply::LogLine`]s, [`Reply::LogInstance`]s and [`Reply::LogSilent`]s until the line is
    /// closed, or until the next request: then by one [`Reply::Stored`], after which that one is answered.
    FollowLogs(LogsAsk),
}

/// Which lines of which logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsAsk {
    /// Of these services; none: of all that releases replace.
    pub services: Vec<String>,
    /// How many lines of each.
    pub tail: usize,
    /// Not older than this, in seconds.
    pub since_s: Option<u64>,
}

/// The last lines of a service's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceLog {
    /// The service.
    pub service: String,
    /// They.
    pub lines: Vec<String>,
    /// Why there are none, where they go to what cannot be read.
    pub unreadable: Option<Problem>,
}

/// A block of objects that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// They.
    pub parts: Vec<Part>,
    /// Its bytes, compressed.
    pub bytes: u64,
    /// Whether they hold secrets.
    pub secret: bool,
}

/// From the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// The app is open.
    Opened {
        /// Where Stapel keeps its state of it on the host.
        state: String,
    },
    /// What runs on the host.
    Survey(Box<Survey>),
    /// What compose makes of the files; `None`: there is no compose.
    Composition {
        /// The services.
        composition: Option<Box<Composition>>,
    },
    /// What the host has and lacks.
    Prepared(Box<Preparation>),
    /// A step begins.
    Preparing {
        /// Which, from 0.
        step: usize,
    },
    /// What its command says.
    PreparingLine {
        /// A line.
        line: String,
    },
    /// The objects that are not on the host yet.
    Wanted {
        /// The manifest's own hash.
        manifest: Hash,
        /// The objects.
        missing: Vec<Hash>,
    },
    /// The manifest has never been here.
    Unknown,
    /// What was fetched is in the store.
    Fetched(Box<Fetched>),
    /// All objects are in the store, durably.
    Stored,
    /// The plan, and what it was made from.
    Plan {
        /// What would be done.
        plan: Plan,
        /// What was found.
        observation: Box<Observation>,
        /// Releases that had been left unfinished: they were put right before anything was observed, or are as they were.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recovered: Vec<Release>,
    },
    /// What was looked at, and what was found.
    Examined {
        /// Each thing.
        all: Vec<Examined>,
        /// The host's clock.
        now: Timestamp,
    },
    /// The release runs, whatever becomes of this connection.
    Started {
        /// Its number.
        release: u64,
    },
    /// An event of the release that is followed.
    Event(Recorded),
    /// A release as the journal has it.
    Release(Box<Release>),
    /// What is asked of a person.
    Question {
        /// `None`: nothing.
        question: Option<Box<Question>>,
    },
    /// The phase that has begun; `None`: there is none left to do.
    Next {
        /// Its number as a release.
        release: Option<u64>,
    },
    /// All that is known of a release.
    Details(Box<Details>),
    /// Who holds the lock.
    Held {
        /// What is to be seen; `None`: nobody.
        holder: Option<Box<Holder>>,
    },
    /// What became of the words.
    Told {
        /// Of each, in the configuration's order.
        all: Vec<Told>,
    },
    /// How it is.
    Status(Box<Status>),
    /// The newest releases, newest first.
    History {
        /// They.
        releases: Vec<Release>,
    },
    /// Log lines.
    Logs {
        /// Of each service.
        services: Vec<ServiceLog>,
    },
    /// A line of a log that is followed.
    LogLine {
        /// The service.
        service: String,
        /// The line.
        line: String,
    },
    /// From here on the lines of a service are those of another instance.
    LogInstance {
        /// The service.
        service: String,
        /// The one that took the place of the former.
        instance: Instance,
    },
    /// The log of a service's instance cannot be read, and so nothing will come of it.
    LogSilent {
        /// The service.
        service: String,
        /// Why, and what can be done.
        problem: Problem,
    },
    /// It could not be done.
    Problem(Problem),
}

/// What became of a word to one who is told of releases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The place among `[[notify]]`, from 1.
    pub notify: usize,
    /// By what: `telegram`, `webhook`.
    pub kind: String,
    /// Why it could not be sent; `None`: it was taken.
    pub problem: Option<Problem>,
}

/// What a release asks of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The check's name.
    pub check: String,
    /// What is asked, in the team's words.
    pub question: String,
    /// Until when it waits for an answer.
    pub until: Timestamp,
}

/// A phase of a deploy, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseState {
    /// What was to be reached.
    pub phase: PhaseGoal,
    /// The release that it was; `None`: it has not begun.
    pub release: Option<u64>,
    /// How that ended.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// All that is known of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// As the journal has it.
    #[serde(flatten)]
    pub release: Release,
    /// Whether its process lives.
    pub runs: bool,
    /// How many records the journal has of it: changes of its steps, and its end.
    pub records: u64,
    /// The states of its steps, in the plan's order.
    pub states: Vec<StepState>,
    /// All phases of the deploy that it is a phase of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseState>,
    /// What it changed below the app's directory.
    pub files: Vec<FileChange>,
    /// What its steps did and said, in order, without the output of commands.
    pub events: Vec<Recorded>,
}

/// The owner of the lock, and what speaks for or against it being at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    pub owner: Owner,
    /// The process as the system shows it: state and command line. `None` where it has ended.
    pub process: Option<String>,
    /// The release that it runs, the step that it is at, and since when nothing was heard of it.
    pub at: Option<(u64, Option<Text>, Timestamp)>,
    /// Between two phases: the release whose next phase is to come, and comes also when this process ends.
    #[serde(default)]
    pub phases_after: Option<u64>,
}

/// How an app is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What runs it.
    pub engine: String,
    /// Where Stapel keeps its state on the host.
    pub state: String,
    /// The services.
    pub services: Vec<ServiceStatus>,
    /// The release in service.
    pub in_service: Option<Release>,
    /// Who is running a release now.
    pub owner: Option<Owner>,
    /// Files on the host that are not as the release in service put them there.
    pub drift: Vec<String>,
}

/// How a service is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its compose name.
    pub name: String,
    /// Its real instance.
    pub instance: Option<Instance>,
    /// How that is.
    pub health: Health,
}
