//! Ending well what a release whose process died has left, in the direction that is declared for where it stands
//! (`stapel_release::DIRECTIONS`). The guardian does it, a person does it (`stapel resume`, `stapel undo`), and whoever
//! begins the next release.

use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use stapel_core::config::{Moment, Secrets};
use stapel_host::{Command, ProcessId};
use stapel_release::{Direction, Fault, Journal, Lock, Outcome, Owner, Release, Saga, Step};
use stapel_text::{Class, Problem, problem, text};

use crate::notices::{self, Notices};
use crate::phases::{self, Runner};
use crate::place::{journal_of, lock_of};
use crate::{Known, Site, guardian, steps};

/// How often recovery is tried: after a boot Docker, databases and the app itself come up bit by bit.
const EVERY: Duration = Duration::from_secs(5);
/// How long, before a person is asked.
const WITHIN: Duration = Duration::from_mins(15);

/// For a process that was killed to be gone.
const END: Duration = Duration::from_secs(30);
const END_LOOK: Duration = Duration::from_millis(20);

/// `stapel agent recover ROOT`: ends well every release whose process died, with nobody to ask. Nothing to recover is fine.
/// Where somebody is at it already, a guardian (`stays`) waits for his end and looks again; the line for each minute leaves it
/// to him.
pub(crate) async fn recover(root: &Utf8Path, stays: bool) -> Result<(), Problem> {
    stapel_host::leave_session();
    let dead = |journal: &Journal| {
        Ok::<_, Problem>(journal.unfinished()?.iter().any(Release::dead) || phases::left_off(journal)?.is_some())
    };
    // A disk that is full must not keep the journal from being opened.
    Journal::make_room_at(&journal_of(root));
    if stays && !dead(&Journal::open(&journal_of(root))?)? {
        // It ended well, and disarmed by itself.
        return Ok(());
    }
    marked(root, stays)?;
    let owner = Owner {
        who: "stapel".to_owned(),
        doing: "recover".to_owned(),
        since: Timestamp::now(),
        process: ProcessId::me(),
    };
    let lock = loop {
        match Lock::take(&lock_of(root), &owner) {
            Ok(lock) => break lock,
            Err(held) if held.class == Class::Busy && stays => end_of_owner(root).await?,
            Err(held) if held.class == Class::Busy => return Ok(()),
            Err(problem) => return Err(problem),
        }
    };
    let begun = Journal::open(&journal_of(root))?.unfinished()?;
    let ours: Vec<u64> = begun.iter().filter(|r| r.dead()).map(|r| r.id).collect();
    let nothing = Secrets::default();
    let late = phases::late(&Journal::open(&journal_of(root))?, Timestamp::now())?;
    // Taken up again and again until it ends well or time is over; what is stuck then, a person sees.
    let attempt = || async {
        let journal = Journal::open(&journal_of(root))?;
        for release in journal.unfinished()?.iter().filter(|r| ours.contains(&r.id)) {
            Prepared::of(&journal, release, &nothing).await?.take_up(None).await?;
        }
        // We hold the lock, so nobody else is about to.
        match phases::to_go_on(&journal)? {
            Some(_) if late.is_some() => phases::end_in(&journal, late.clone().map(phases::not_begun)),
            Some(release) => Prepared::of(&journal, &release, &nothing).await?.go_on().await,
            None => Ok(()),
        }
    };
    let ended = stapel_host::retry(EVERY, WITHIN, attempt, |why| why.code() != "core-quiet").await;
    if let Err(why) = &ended {
        phases::end_in(&Journal::open(&journal_of(root))?, Some(phases::not_begun(why.clone())))?;
    }
    guardian::disarm(root, &lock).await;
    drop(lock);
    notices::delivered().await;
    ended
}

/// Waits until whoever holds the lock has ended.
async fn end_of_owner(root: &Utf8Path) -> Result<(), Problem> {
    // One who has just taken it has not written his name yet.
    let known = stapel_host::until(text!("host-await-end"), END_LOOK, END, || {
        let owner = Lock::owner(&lock_of(root));
        async move { Ok(owner?.is_none_or(|o| o.process.alive()).then_some(())) }
    });
    known.await?;
    match Lock::owner(&lock_of(root))? {
        Some(owner) => guardian::wait(&owner.process).await,
        None => Ok(()),
    }
}

/// The same for every app of this host whose state lies where it usually does; all at once, each in a process of its own.
///
/// # Errors
/// `command-failed` of the first that failed; the others are not minded by it.
pub(crate) async fn recover_all() -> Result<(), Problem> {
    let program = crate::own_program()?;
    let roots = crate::place::all();
    let each = roots.iter().map(|root| Command::new(&program).args(["agent", "recover", root.as_str()]).run());
    // Each to its end: one that fails must not take the others along.
    futures_util::future::join_all(each).await.into_iter().try_for_each(|done| done.map(drop))
}

/// A release whose process died or that got stuck, with all that is needed to take it up.
pub(crate) struct Prepared {
    site: Arc<Site>,
    pub(crate) release: u64,
    steps: Vec<Box<dyn Step>>,
    faults: Vec<Fault>,
}

impl Prepared {
    /// Opens what the release works on. Nothing is changed by it, but that what the dead process had set going is ended. `more`
    /// are the secrets of whoever wants it taken up, where it was begun without: its own configuration says what each is for.
    ///
    /// # Errors
    /// What stands in the way of trying.
    pub(crate) async fn of(journal: &Journal, release: &Release, more: &Secrets) -> Result<Self, Problem> {
        let marks = journal.marks(release.id)?;
        for mark in &marks {
            if stapel_host::mark().as_ref() != Some(mark) {
                stapel_host::end_all(mark).await?;
            }
        }
        let mut site = Site::open(release.config.clone(), Known::Kept(&marks, more), &release.target).await?;
        site.suits()?;
        site.ask_for(&release.plan.goal)?;
        let site = Arc::new(site);
        if let Err(problem) = site.sweep().await {
            // A tree that was shipped half may make no sense to compose; the way back mends it.
            tracing::warn!(%problem, "one-off runs could not be looked for");
        }
        let steps = release.plan.steps.iter().map(|s| steps::make(&site, &s.spec)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { site, release: release.id, steps, faults: Vec::new() })
    }

    /// With these things going wrong, for tests.
    pub(crate) fn with(self, faults: &[Fault]) -> Self {
        Self { faults: faults.to_vec(), ..self }
    }

    fn saga<'a>(&'a self, turns: &'a (dyn Fn(&Problem) + Sync)) -> Saga<'a> {
        Saga { journal: &self.site.journal, release: self.release, steps: &self.steps, faults: &self.faults, turns }
    }

    /// Which way it goes.
    ///
    /// # Errors
    /// `release-goes-back` where forward was chosen and cannot be.
    pub(crate) fn direction(&self, chosen: Option<Direction>) -> Result<Direction, Problem> {
        self.saga(&|_| {}).direction(chosen)
    }

    /// Where the app's state lies, and what arms a guardian there.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Takes it up, and tidies up behind it. We hold the lock.
    ///
    /// # Errors
    /// `agent-still-stuck` when an undo fails still.
    pub(crate) async fn take_up(&self, chosen: Option<Direction>) -> Result<(), Problem> {
        let direction = self.direction(chosen)?;
        self.site.journal.set_runner(self.release, &ProcessId::me(), stapel_host::mark().as_deref())?;
        if direction == Direction::Forward {
            // After a boot the app is starting still; what is left of the release looks at once.
            self.site.await_healthy().await;
        }
        let died = problem!(Failed, "agent-died", release = self.release.to_string());
        let notices = Notices { site: &self.site, release: self.release };
        let turns = |why: &Problem| notices.tell(Moment::Back, Some(why));
        let outcome = self.saga(&turns).recover(direction, died).await?;
        notices.ended(outcome);
        if outcome == Outcome::Stuck {
            return Err(still_stuck(&self.site.journal.known(self.release)?));
        }
        self.site.tidy(self.release, outcome).await;
        Ok(())
    }

    /// Runs the phases that are left after it, if it was done. We hold the lock.
    ///
    /// # Errors
    /// Why the next one could not begin; it may be tried again.
    async fn go_on(&self) -> Result<(), Problem> {
        self.runner().await.go_on().await
    }

    /// The same where it is not tried again: why no other phase came is written down.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(crate) async fn go_on_or_end(&self) -> Result<(), Problem> {
        self.runner().await.go_on_or_end().await
    }

    /// Who runs the next phase. After a boot the app is starting still: it is what that is compared with.
    async fn runner(&self) -> Runner<'_> {
        self.site.await_healthy().await;
        Runner { site: &self.site, faults: &self.faults }
    }
}

/// The problem about a release that somebody has tried to end well in vain, with what it is stuck at.
pub(crate) fn still_stuck(release: &Release) -> Problem {
    let problem = problem!(Stuck, "agent-still-stuck", release = release.id.to_string());
    match &release.problem {
        Some(why) => problem.because(why.clone()),
        None => problem,
    }
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
fn marked(root: &Utf8Path, stays: bool) -> Result<(), Problem> {
    if stapel_host::mark().is_some() {
        return Ok(());
    }
    let program = crate::own_program()?;
    let mark = new_mark(root.file_name().unwrap_or_default());
    let mut again = std::process::Command::new(&program);
    again.args(["agent", "recover", root.as_str()]).args(stays.then_some("--stay")).env(stapel_host::MARK, mark);
    let error = again.exec();
    Err(problem!(Failed, "io-failed", path = program.display(), error = error))
}

/// A mark for one process that works on a release of the app with this key.
pub(crate) fn new_mark(key: &str) -> String {
    format!("{key}-{}", uuid::Uuid::new_v4().simple())
}
