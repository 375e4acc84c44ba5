//! A deploy in phases: each is a release of its own, with its own way back, that ends at its gate; what has passed a gate
//! stays. Who runs one goes on with the next, under the same lock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use stapel_core::config::Moment;
use stapel_core::plan::{Goal, PhaseGoal};
use stapel_host::ProcessId;
use stapel_release::{Begin, Fault, Journal, Lock, Outcome, Release, Saga, Step};
use stapel_text::{Problem, problem, text};

use crate::notices::{Notices, SUBJECT};
use crate::protocol::{PhaseAsk, PhaseState};
use crate::{Site, steps};

/// The fact of a phase that holds why no other came after it; `null`: there was nothing left to do.
const LAST: &str = "phases.last";

/// How soon somebody takes up what a dead process has left, on a host that is busy.
pub(crate) const TAKEN_UP: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the next phase may take to be planned and begun.
const BEGINS: Duration = Duration::from_mins(5);
/// How long after a phase the next one is still what was asked for: somebody who released in the evening does not expect it when
/// the power comes back in the morning.
const GOES_ON: SignedDuration = SignedDuration::from_hours(1);

impl Site {
    /// The goals of a deploy in phases, in order.
    pub(crate) fn phase_goals(&self, asked: &[PhaseAsk]) -> Result<Vec<Goal>, Problem> {
        let goal = |(index, ask): (usize, &PhaseAsk)| {
            let phase = self.config.phases.get(ask.phase);
            let phase = phase.ok_or_else(|| problem!(Usage, "agent-no-phase", phase = ask.phase.to_string()))?;
            let phase = PhaseGoal {
                number: index + 1,
                of: asked.len(),
                name: phase.name.clone(),
                migrates: phase.migrates,
                gate: phase.gate.clone(),
                subject: ask.subject.clone(),
                first: None,
            };
            let manifest = ask.manifest.to_string();
            let fingerprint = self.manifest(&manifest)?.fingerprint().to_string();
            Ok(Goal::Deploy { manifest, fingerprint, commit: ask.commit.clone(), phase: Some(phase) })
        };
        asked.iter().enumerate().map(goal).collect()
    }

    /// The release that was the first phase of the deploy that this one belongs to; itself where it has no phases.
    pub(crate) fn first_phase(&self, release: u64) -> Result<u64, Problem> {
        let known = self.journal.release(release)?;
        Ok(known.and_then(|r| r.plan.goal.phase().and_then(|phase| phase.first)).unwrap_or(release))
    }

    /// How many of the goals of a deploy in phases lie behind us: each that some release has reached since the last rollback, and
    /// those before it. The last one is looked at in any case.
    pub(crate) fn passed(&self, goals: &[Goal]) -> Result<usize, Problem> {
        if goals.len() < 2 {
            return Ok(0);
        }
        let all = self.journal.history(usize::from(u16::MAX))?;
        let done = all.iter().filter(|r| r.outcome == Some(Outcome::Done));
        let since = done.take_while(|r| !matches!(r.plan.goal, Goal::Rollback { .. }));
        let name = |goal: &Goal| Some((goal.fingerprint()?.to_owned(), goal.phase()?.name.clone()));
        let reached: BTreeSet<_> = since.filter_map(|r| name(&r.plan.goal)).collect();
        let last = goals.iter().rposition(|goal| name(goal).is_some_and(|name| reached.contains(&name)));
        Ok(last.map_or(0, |index| (index + 1).min(goals.len() - 1)))
    }

    /// All phases of the deploy that a release is a phase of, as far as they have come.
    pub(crate) fn phases_of(&self, release: &Release) -> Result<Vec<PhaseState>, Problem> {
        if release.plan.goal.phase().is_none() {
            return Ok(Vec::new());
        }
        let first = self.first_phase(release.id)?;
        let (mut all, mut later) = (Vec::new(), Vec::new());
        let mut of = Some(self.journal.known(first)?);
        while let Some(one) = of {
            later = one.plan.later.clone();
            let next = self.journal.release(one.id + 1)?;
            if let Some(phase) = one.plan.goal.phase().cloned() {
                let (release, outcome) = (Some(one.id), one.outcome);
                all.push(PhaseState { phase, release, outcome, began_at: Some(one.began_at), ended_at: one.ended_at });
            }
            of = match next {
                Some(next) if self.first_phase(next.id)? == first => Some(next),
                _ => None,
            };
        }
        let planned = |phase: &PhaseGoal| PhaseState {
            phase: phase.clone(),
            release: None,
            outcome: None,
            began_at: None,
            ended_at: None,
        };
        let newest = all.last().and_then(|one: &PhaseState| one.release).unwrap_or(first);
        // Those that are not gone on with any more are not to come.
        if self.journal.fact::<Option<Problem>>(newest, LAST)?.is_none() {
            all.extend(later.iter().filter_map(Goal::phase).map(planned));
        }
        Ok(all)
    }
}

/// What a process that runs releases has at hand for each.
pub(crate) struct Runner<'a> {
    pub(crate) site: &'a Arc<Site>,
    pub(crate) faults: &'a [Fault],
}

impl Runner<'_> {
    /// Runs a release that has begun to its end, and the phases after it. We hold the lock.
    ///
    /// # Errors
    /// Only when the journal itself cannot be read or written.
    pub(crate) async fn run(&self, release: u64, steps: &[Box<dyn Step>]) -> Result<(), Problem> {
        match self.one(release, steps).await? {
            Outcome::Done => self.go_on_or_end().await,
            Outcome::Undone | Outcome::Stuck | Outcome::Found => Ok(()),
        }
    }

    /// As [`Runner::go_on`], where it is not tried again: why no other phase came is written down.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(crate) async fn go_on_or_end(&self) -> Result<(), Problem> {
        match self.go_on().await {
            Ok(()) => Ok(()),
            Err(why) => end(self.site, Some(not_begun(why))),
        }
    }

    /// Runs the phases that are left after the newest release, if that was done. We hold the lock.
    ///
    /// # Errors
    /// Why the next one could not begin; it may be tried again.
    pub(crate) async fn go_on(&self) -> Result<(), Problem> {
        while let Some(done) = to_go_on(&self.site.journal)? {
            match self.next(&done).await? {
                Some((next, steps)) => drop(self.one(next, &steps).await?),
                None => end(self.site, None)?,
            }
        }
        Ok(())
    }

    async fn one(&self, release: u64, steps: &[Box<dyn Step>]) -> Result<Outcome, Problem> {
        let (journal, faults) = (&self.site.journal, self.faults);
        let notices = Notices { site: self.site, release };
        notices.tell(Moment::Start, None);
        let turns = |why: &Problem| notices.tell(Moment::Back, Some(why));
        let outcome = Saga { journal, release, steps, faults, turns: &turns }.run().await?;
        notices.ended(outcome);
        // Where it got stuck, what is left over may be what serves.
        if outcome != Outcome::Stuck {
            self.site.tidy(release, outcome).await;
        }
        Ok(outcome)
    }

    /// Plans and begins the first of the later phases that has anything to do.
    async fn next(&self, former: &Release) -> Result<Option<(u64, Vec<Box<dyn Step>>)>, Problem> {
        let site = self.site;
        site.definition_changed().await;
        let (mut plan, _) = site.plan_goals(&former.plan.later).await?;
        // Somebody may have ended it meanwhile.
        if plan.is_empty() || to_go_on(&site.journal)?.is_none_or(|now| now.id != former.id) {
            return Ok(None);
        }
        // What was asked for in quiet hours comes without these.
        if let Some(quiet) = site.config.quiet.as_ref().and_then(|quiet| quiet.refuses(Timestamp::now())) {
            return Err(quiet);
        }
        if let Goal::Deploy { phase: Some(phase), .. } = &mut plan.goal {
            phase.first = Some(site.first_phase(former.id)?);
        }
        let mark = stapel_host::mark();
        // The way back of this one may be needed where its process died.
        if let Some(mark) = &mark {
            site.place.keep_secrets(mark, &site.secrets)?;
        }
        let begin = Begin {
            doing: former.doing.clone(),
            who: former.who.clone(),
            origin: former.origin.clone(),
            target: former.target.clone(),
            config: site.config.clone(),
            plan,
            found: false,
            runner: Some((ProcessId::me(), mark)),
        };
        begin_release(site, &begin).map(Some)
    }
}

/// Why the phases after the newest release are not gone on with by themselves any more: nothing was heard of it for so long.
/// To be asked before it is taken up.
pub(crate) fn late(journal: &Journal, now: Timestamp) -> Result<Option<Problem>, Problem> {
    let Some(newest) = journal.history(1)?.pop() else { return Ok(None) };
    let told = journal.told(newest.id)?.last().map(|event| event.at);
    let heard = newest.ended_at.or(told).unwrap_or(newest.began_at);
    let late = now.duration_since(heard) > GOES_ON;
    Ok(late.then(|| problem!(Refused, "agent-phases-late", release = newest.id.to_string(), heard = heard.to_string())))
}

/// Writes a release down.
pub(crate) fn begin_release(site: &Arc<Site>, begin: &Begin) -> Result<(u64, Vec<Box<dyn Step>>), Problem> {
    site.journal.keep_reserve()?;
    let steps = begin.plan.steps.iter().map(|s| steps::make(site, &s.spec)).collect::<Result<_, _>>()?;
    let release = site.journal.begin(begin)?;
    if let Some(subject) = begin.plan.goal.phase().and_then(|phase| phase.subject.as_ref()) {
        site.journal.set_fact(release, SUBJECT, subject)?;
    }
    Ok((release, steps))
}

/// The release after which the next phase is to begin.
pub(crate) fn to_go_on(journal: &Journal) -> Result<Option<Release>, Problem> {
    let Some(newest) = journal.history(1)?.pop() else { return Ok(None) };
    let more = newest.outcome == Some(Outcome::Done) && !newest.plan.later.is_empty();
    Ok((more && journal.fact::<Option<Problem>>(newest.id, LAST)?.is_none()).then_some(newest))
}

/// The problem with a phase that could not begin.
pub(crate) fn not_begun(why: Problem) -> Problem {
    problem!(Failed, "agent-phase-not-begun").because(why)
}

/// Writes down that no phase comes any more, and why; nothing where there is none to come.
///
/// # Errors
/// When the journal cannot be written.
pub(crate) fn end(site: &Site, why: Option<Problem>) -> Result<(), Problem> {
    end_in(&site.journal, why)?;
    site.forget_secrets();
    Ok(())
}

/// The same without an app at hand.
///
/// # Errors
/// As [`end`].
pub(crate) fn end_in(journal: &Journal, why: Option<Problem>) -> Result<(), Problem> {
    match to_go_on(journal)? {
        Some(newest) => journal.set_fact(newest.id, LAST, &why),
        None => Ok(()),
    }
}

/// The release after which the next phase was to begin, and whose process died.
pub(crate) fn left_off(journal: &Journal) -> Result<Option<Release>, Problem> {
    Ok(to_go_on(journal)?.filter(|release| !release.at_work()))
}

/// Waits until the phase after this one has begun, or it is plain that none does.
///
/// # Errors
/// Why the next phase could not begin.
pub(crate) async fn awaited(site: &Site, release: u64) -> Result<Option<u64>, Problem> {
    let journal = &site.journal;
    if journal.plan(release)?.later.is_empty() {
        return Ok(None);
    }
    let mut alive = tokio::time::Instant::now();
    stapel_host::until(text!("agent-await-begin"), LOOK_EVERY, BEGINS, || {
        let mut look = || {
            // Before looking: it may write and end between the two looks.
            let owner = Lock::owner(&site.place.lock())?;
            if journal.known(release)?.at_work() || owner.is_some_and(|owner| owner.process.alive()) {
                alive = tokio::time::Instant::now();
            }
            match journal.fact::<Option<Problem>>(release, LAST)? {
                Some(None) => return Ok(Some(None)),
                Some(Some(why)) => return Err(why),
                None => {}
            }
            if let Some(next) = journal.release(release + 1)? {
                let first = next.plan.goal.phase().and_then(|phase| phase.first);
                if first == Some(site.first_phase(release)?) {
                    return Ok(Some(Some(next.id)));
                }
                return Err(problem!(Failed, "agent-phases-overtaken", release = next.id.to_string()));
            }
            if alive.elapsed() > TAKEN_UP {
                return Err(problem!(Detached, "agent-phase-nobody"));
            }
            Ok(None)
        };
        let seen = look();
        async move { seen }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn recovery_does_not_go_on_with_what_nothing_was_heard_of_for_long() {
        let dir = tempfile::tempdir().unwrap();
        let site = crate::testing::site(&dir, "").await;
        let (now, minutes) = (Timestamp::now(), |n| SignedDuration::from_mins(n));
        assert!(late(&site.journal, now).unwrap().is_none(), "there is nothing");
        crate::testing::release(&site);
        assert!(late(&site.journal, now + minutes(59)).unwrap().is_none());
        assert_eq!(late(&site.journal, now + minutes(61)).unwrap().unwrap().code(), "agent-phases-late");
    }
}
