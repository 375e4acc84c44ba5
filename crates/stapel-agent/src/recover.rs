//! Ending well what a release whose process died has left, in the direction that is declared for where it stands
//! (`stapel_release::DIRECTIONS`). The guardian does it, a person does it (`stapel resume`, `stapel undo`), and whoever
//! begins the next release.

use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use stapel_host::{Command, ProcessId};
use stapel_release::{Direction, Journal, Lock, Outcome, Owner, Release, Saga};
use stapel_text::{Class, Problem, problem, text};

use crate::place::{journal_of, lock_of};
use crate::{Site, guardian, steps};

/// How often recovery is tried: after a boot Docker, databases and the app itself come up bit by bit.
const EVERY: Duration = Duration::from_secs(5);
/// How long, before a person is asked.
const WITHIN: Duration = Duration::from_mins(15);

/// For a process that was killed to be gone.
const END: Duration = Duration::from_secs(30);
const END_LOOK: Duration = Duration::from_millis(20);

/// `stapel agent recover ROOT`: ends well every release whose process died, with nobody to ask. Nothing to recover, or
/// somebody at it already, is fine.
pub(crate) async fn recover(root: &Utf8Path) -> Result<(), Problem> {
    stapel_host::leave_session();
    let journal = Journal::open(&journal_of(root))?;
    if !journal.unfinished()?.iter().any(Release::dead) {
        if !is_held(root)? {
            guardian::disarm(root).await;
        }
        return Ok(());
    }
    marked(root)?;
    let owner = Owner {
        who: "stapel".to_owned(),
        doing: "recover".to_owned(),
        since: Timestamp::now(),
        process: ProcessId::me(),
    };
    let _lock = match Lock::take(&lock_of(root), &owner) {
        Ok(lock) => lock,
        Err(held) if held.class == Class::Busy => return Ok(()),
        Err(problem) => return Err(problem),
    };
    let ours: Vec<u64> = journal.unfinished()?.iter().filter(|r| r.dead()).map(|r| r.id).collect();
    // What is stuck by then, a person sees.
    let attempt = || async {
        for release in journal.unfinished()?.iter().filter(|r| ours.contains(&r.id)) {
            take_up(&journal, release, None).await?;
        }
        Ok(())
    };
    let ended = stapel_host::retry(EVERY, WITHIN, attempt, |_| true).await;
    guardian::disarm(root).await;
    ended
}

/// The same for every app of this host whose state lies where it usually does; each in a process of its own, so that none
/// waits for another.
///
/// # Errors
/// `command-failed` of the first that failed.
pub(crate) async fn recover_all() -> Result<(), Problem> {
    let program = crate::own_program()?;
    let roots = crate::place::all();
    let each = roots.iter().map(|root| Command::new(&program).args(["agent", "recover", root.as_str()]).run());
    futures_util::future::try_join_all(each).await.map(drop)
}

/// Whether somebody is at the app whose state lies there.
pub(crate) fn is_held(root: &Utf8Path) -> Result<bool, Problem> {
    Lock::owner(&lock_of(root)).map(|owner| owner.is_some())
}

/// Takes up a release whose process died or that got stuck, and tidies up behind it. We hold the lock.
///
/// # Errors
/// `agent-still-stuck` when an undo fails still; what stands in the way of trying.
pub(crate) async fn take_up(
    journal: &Journal,
    release: &Release,
    chosen: Option<Direction>,
) -> Result<Outcome, Problem> {
    // What the dead process had set going must not go on under our hands.
    for mark in journal.marks(release.id)? {
        if stapel_host::mark().as_ref() != Some(&mark) {
            stapel_host::end_all(&mark).await?;
        }
    }
    let then = Arc::new(Site::open(release.config.clone(), &release.target).await?);
    then.sweep().await?;
    let steps = release.plan.steps.iter().map(|s| steps::make(&then, &s.spec)).collect::<Result<Vec<_>, _>>()?;
    journal.set_runner(release.id, &ProcessId::me(), stapel_host::mark().as_deref())?;
    let died = problem!(Failed, "agent-died", release = release.id.to_string());
    let saga = Saga { journal: &then.journal, release: release.id, steps: &steps, faults: &[] };
    let outcome = saga.recover(chosen, died).await?;
    if outcome == Outcome::Stuck {
        let still = then.journal.release(release.id)?.and_then(|r| r.problem);
        let problem = problem!(Stuck, "agent-still-stuck", release = release.id.to_string());
        return Err(still.map_or(problem.clone(), |why| problem.because(why)));
    }
    then.tidy().await;
    Ok(outcome)
}

/// Ends the process that holds the lock, if it still is this one. What its release had begun, the guardian ends well.
///
/// # Errors
/// `agent-holder-other` when somebody else holds it by now; `timed-out` when it cannot be ended.
pub(crate) async fn end_holder(root: &Utf8Path, process: &ProcessId) -> Result<(), Problem> {
    match Lock::owner(&lock_of(root))? {
        Some(owner) if owner.process == *process => {}
        Some(other) => return Err(problem!(Refused, "agent-holder-other", who = other.who, doing = other.doing)),
        None => return Ok(()),
    }
    process.signal(rustix::process::Signal::KILL);
    let gone = || std::future::ready(Ok((!process.alive()).then_some(())));
    stapel_host::until(text!("host-await-end"), END_LOOK, END, gone).await
}

/// Sees to it that this process has a mark of its own, by which all that it starts can be found: it starts itself anew
/// with one where it has none.
fn marked(root: &Utf8Path) -> Result<(), Problem> {
    if stapel_host::mark().is_some() {
        return Ok(());
    }
    let program = crate::own_program()?;
    let mark = new_mark(root.file_name().unwrap_or_default());
    let error = std::process::Command::new(&program)
        .args(["agent", "recover", root.as_str()])
        .env(stapel_host::MARK, mark)
        .exec();
    Err(problem!(Failed, "io-failed", path = program.display(), error = error))
}

/// A mark for one process that works on a release of the app with this key.
pub(crate) fn new_mark(key: &str) -> String {
    format!("{key}-{}", uuid::Uuid::new_v4().simple())
}
