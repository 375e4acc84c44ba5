//! The process that runs one release. It is started by a session, leaves it at once, and outlives it; what becomes of the
//! release is told through the journal.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_host::ProcessId;
use stapel_release::{Begin, Direction, Fault, Lock, Owner, Step};
use stapel_text::{Problem, problem};

use crate::guardian;
use crate::notices::{self, SUBJECT};
use crate::phases::{self, Runner, begin_release};
use crate::protocol::{Ask, Opening};
use crate::recover::Prepared;
use crate::{Known, Site, found};

/// What a session asks of the process that runs a release, in a file that only the two see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) opening: Opening,
    pub(crate) work: Work,
    /// Where the answer goes.
    pub(crate) answer: Utf8PathBuf,
}

/// What it is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// A new release, if the plan still has the fingerprint of the one that was shown.
    Begin { ask: Ask, fingerprint: String },
    /// One whose process died or that got stuck, in the direction that is declared or was chosen.
    TakeUp {
        release: u64,
        direction: Option<Direction>,
        /// Without the phases after it: another release is about to begin.
        #[serde(default)]
        alone: bool,
    },
}

/// Whether the release has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Started(u64),
    Refused(Problem),
}

/// Runs the release that the file orders.
pub(crate) async fn run(order: &Utf8Path) -> Result<(), Problem> {
    stapel_host::leave_session();
    let order: Order = read(order)?;
    let begun = match &order.work {
        Work::Begin { ask, fingerprint } => begin(&order, ask, fingerprint).await.map(Running::New),
        Work::TakeUp { release, direction, alone } => found_dead(&order, *release, *direction, *alone).await,
    };
    let running = match begun {
        Ok(running) => running,
        Err(problem) => {
            let answered = answer(&order.answer, &Answer::Refused(problem));
            // What was taken up before that has its notices as well.
            notices::delivered().await;
            return answered;
        }
    };
    answer(&order.answer, &Answer::Started(running.release()))?;
    let finished = running.finish(&order.opening.faults).await;
    notices::delivered().await;
    finished
}

/// A release that this process runs, with the lock.
enum Running {
    New(Begun),
    TakenUp { prepared: Prepared, direction: Option<Direction>, alone: bool, lock: Lock },
}

impl Running {
    fn release(&self) -> u64 {
        match self {
            Self::New(begun) => begun.release,
            Self::TakenUp { prepared, .. } => prepared.release,
        }
    }

    async fn finish(self, faults: &[Fault]) -> Result<(), Problem> {
        match self {
            Self::New(begun) => begun.finish(faults).await,
            Self::TakenUp { prepared, direction, alone, lock } => {
                let prepared = prepared.with(faults);
                let taken_up = prepared.take_up(direction).await;
                if taken_up.is_ok() && !alone {
                    prepared.go_on_or_end().await?;
                }
                guardian::disarm(prepared.site().place.root(), &lock).await;
                // That it is stuck still is in the journal, where whoever asked looks.
                taken_up
            }
        }
    }
}

struct Begun {
    site: Arc<Site>,
    release: u64,
    steps: Vec<Box<dyn Step>>,
    lock: Lock,
}

async fn begin(order: &Order, ask: &Ask, fingerprint: &str) -> Result<Begun, Problem> {
    let mut site = open(order).await?;
    site.suits()?;
    if let Ask::Rollback { .. } = ask {
        let goals = site.goals(ask)?;
        goals.iter().try_for_each(|goal| site.ask_for(goal))?;
    }
    let site = Arc::new(site);
    let doing = match ask {
        Ask::Deploy { .. } | Ask::Phases { .. } => "deploy",
        Ask::Rollback { .. } => "rollback",
        Ask::Restart { .. } => "restart",
    };
    let lock = Lock::take(&site.place.lock(), &owner(&order.opening, doing))?;
    // From here on somebody ends well what this process begins, what it takes up first included.
    guardian::arm(&site.place, site.guardian()).await?;
    match written_down(order, &site, ask, fingerprint, doing).await {
        Ok((release, steps)) => Ok(Begun { site, release, steps, lock }),
        Err(problem) => {
            site.forget_secrets();
            guardian::disarm(site.place.root(), &lock).await;
            Err(problem)
        }
    }
}

/// Puts right what was left unfinished, plans again, and writes the release down.
async fn written_down(
    order: &Order,
    site: &Arc<Site>,
    ask: &Ask,
    fingerprint: &str,
    doing: &str,
) -> Result<(u64, Vec<Box<dyn Step>>), Problem> {
    for release in site.journal.unfinished()? {
        Prepared::of(&site.journal, &release, &order.opening.secrets).await?.take_up(None).await?;
        site.definition_changed().await;
    }
    let (plan, _) = site.plan(ask).await?;
    // What was shown is what is done.
    if plan.fingerprint() != fingerprint {
        return Err(problem!(Refused, "agent-plan-changed"));
    }
    // What is asked for now is to be, and not the rest of what somebody else asked for.
    phases::end(site, Some(problem!(Failed, "agent-phases-superseded")))?;
    if let Some(mark) = stapel_host::mark() {
        site.place.keep_secrets(&mark, &order.opening.secrets)?;
    }
    found::record(site, &plan.goal).await?;
    let begin = Begin {
        doing: doing.to_owned(),
        who: order.opening.who.clone(),
        origin: order.opening.origin.clone(),
        target: site.target_name.clone(),
        config: site.config.clone(),
        plan,
        found: false,
        runner: Some((ProcessId::me(), stapel_host::mark())),
    };
    let (release, steps) = begin_release(site, &begin)?;
    if let Ask::Deploy { subject: Some(subject), .. } = ask {
        site.journal.set_fact(release, SUBJECT, subject)?;
    }
    Ok((release, steps))
}

impl Begun {
    async fn finish(self, faults: &[Fault]) -> Result<(), Problem> {
        let runner = Runner { site: &self.site, faults };
        runner.run(self.release, &self.steps).await?;
        guardian::disarm(self.site.place.root(), &self.lock).await;
        Ok(())
    }
}

async fn open(order: &Order) -> Result<Site, Problem> {
    let Opening { config, secrets, target, .. } = &order.opening;
    Site::open(config.clone(), Known::Given(secrets), target).await
}

/// The release that a person wants to be taken up.
async fn found_dead(order: &Order, id: u64, direction: Option<Direction>, alone: bool) -> Result<Running, Problem> {
    let site = open(order).await?;
    site.suits()?;
    let lock = Lock::take(&site.place.lock(), &owner(&order.opening, "recover"))?;
    let found = site.journal.unfinished()?.into_iter().find(|r| r.id == id);
    let release = found.ok_or_else(|| problem!(Refused, "agent-not-unfinished", release = id.to_string()))?;
    let prepared = Prepared::of(&site.journal, &release, &order.opening.secrets).await?;
    prepared.direction(direction)?;
    guardian::arm(&site.place, site.guardian()).await?;
    if let Some(mark) = stapel_host::mark() {
        site.place.keep_secrets(&mark, &order.opening.secrets)?;
    }
    // Before the answer: whoever follows it from now on sees that it runs.
    site.journal.set_runner(id, &ProcessId::me(), stapel_host::mark().as_deref())?;
    Ok(Running::TakenUp { prepared, direction, alone, lock })
}

fn owner(opening: &Opening, doing: &str) -> Owner {
    Owner { who: opening.person(), doing: doing.to_owned(), since: Timestamp::now(), process: ProcessId::me() }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Utf8Path) -> Result<T, Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
    let text = std::fs::read(path).map_err(failed)?;
    std::fs::remove_file(path).map_err(failed)?;
    serde_json::from_slice(&text).map_err(|e| failed(e.into()))
}

/// Under another name first: whoever waits for it sees it whole or not at all.
fn answer(path: &Utf8Path, answer: &Answer) -> Result<(), Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
    let text = serde_json::to_vec(answer).map_err(|e| failed(e.into()))?;
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path)).map_err(failed)
}
