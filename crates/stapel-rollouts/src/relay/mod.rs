//! `relay`: a candidate takes the traffic while the real instance is made anew by the team's own command, so that no
//! request is lost and nothing in the compose file need change. See DESIGN.md "Rollouts".
//!
//! | phase | does | undo |
//! |---|---|---|
//! | `candidate` | start a copy of the new version out of reach, healthy, checks asked of it | remove it |
//! | `divert` | let it in, refuse new connections to the real one, let what is open finish | let the real one in again |
//! | `replace` | recreate the real one, healthy, checks asked of it | recreate it, from the restored definition |
//! | `restore` | let the real one in, drain and remove the candidate | a candidate of the restored definition takes over |
//!
//! Around these, where the former version may stand by (`standby`): before them what that takes is prepared, behind them it
//! is started, and in the way back it takes the traffic before any of these is undone.
//!
//! The undo of `replace` and `restore` relies on [`stapel_release::undo_order`]: tree and image are back before.

mod candidate;
mod divert;
mod replace;
mod restore;
mod standby;

use stapel_core::observation::ServiceFacts;
use stapel_core::ports::Instance;
use stapel_release::{Step, StepContext};
use stapel_text::{Problem, Text, problem, text};

use crate::{Context, Rollout, Version};

/// The fact that says that traffic was, or may have been, on the new version.
pub const MOVED: &str = "traffic.moved";

pub(crate) struct Relay;

impl Rollout for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn suits(&self, facts: &ServiceFacts) -> Option<Text> {
        // One candidate cannot stand in for several, and they would all be made anew at once.
        (facts.runs() && facts.copies <= 1).then(|| text!("rollouts-why-relay"))
    }

    fn gap_s(&self) -> f64 {
        0.0
    }

    fn phases(&self) -> &'static [&'static str] {
        &["candidate", "divert", "replace", "restore"]
    }

    fn standby(&self) -> Option<[&'static str; 2]> {
        Some(["prepare_standby", "stand_by"])
    }

    fn step(&self, phase: &str, service: &str, context: &Context) -> Option<Box<dyn Step>> {
        let leg = Leg { service: service.to_owned(), cx: context.clone() };
        match phase {
            "candidate" => Some(Box::new(candidate::Candidate(leg))),
            "divert" => Some(Box::new(divert::Divert(leg))),
            "replace" => Some(Box::new(replace::Replace(leg))),
            "restore" => Some(Box::new(restore::Restore(leg))),
            "prepare_standby" => Some(Box::new(standby::Prepare(leg))),
            "stand_by" => Some(Box::new(standby::StandBy(leg))),
            _ => None,
        }
    }
}

/// What all phases have and do in common.
struct Leg {
    service: String,
    cx: Context,
}

impl Leg {
    async fn real(&self) -> Result<Instance, Problem> {
        let real = self.cx.world.instances.real(&self.service).await?;
        real.ok_or_else(|| problem!(Failed, "rollouts-no-real", service = &self.service))
    }

    async fn candidate(&self) -> Result<Option<Instance>, Problem> {
        self.cx.world.instances.candidate(&self.service).await
    }

    /// A candidate of the definition as it is now, healthy and admitted by the checks, but not let in.
    async fn ready_candidate(&self, version: Version, step: &StepContext<'_>) -> Result<Instance, Problem> {
        let candidate = self.cx.world.instances.start_candidate(&self.service).await?;
        crate::healthy::healthy(&self.cx, &self.service, &candidate, version, step).await?;
        Ok(candidate)
    }

    /// Traffic goes to the candidate and what was open at the real one has ended.
    async fn candidate_takes_over(&self, candidate: &Instance) -> Result<u32, Problem> {
        let real = self.cx.world.instances.real(&self.service).await?;
        self.cx.world.traffic.divert(&self.service, real.as_ref(), candidate).await?;
        match real {
            Some(real) => self.cx.world.traffic.drain(&self.service, &real).await,
            None => Ok(0),
        }
    }

    /// Holds the id of a candidate that is being removed: it may be asked to end already, though it runs.
    fn leaving(&self) -> String {
        format!("relay.leaving.{}", self.service)
    }

    /// The candidate, if it runs and goes on running.
    async fn staying_candidate(&self, step: &StepContext<'_>) -> Result<Option<Instance>, Problem> {
        let leaving: Option<String> = step.fact(&self.leaving())?;
        Ok(self.candidate().await?.filter(|c| c.running && Some(&c.id) != leaving.as_ref()))
    }

    /// Somebody else serves while the real instance is made anew: the candidate, or where none stays (after a boot, or
    /// because it is being removed) a new one of the definition as it is now. Where nobody runs, nobody need.
    async fn bridge(&self, version: Version, step: &StepContext<'_>) -> Result<(), Problem> {
        if self.staying_candidate(step).await?.is_some() {
            return Ok(());
        }
        if let Some(leaving) = self.candidate().await? {
            self.cx.world.instances.remove(&leaving, self.cx.grace).await?;
        }
        if self.cx.world.instances.real(&self.service).await?.is_some_and(|real| real.running) {
            let candidate = self.ready_candidate(version, step).await?;
            self.candidate_takes_over(&candidate).await?;
        }
        Ok(())
    }

    /// Traffic goes to the real one, what was open at the candidate has ended, and the candidate is gone.
    async fn real_takes_over(&self, step: &StepContext<'_>) -> Result<u32, Problem> {
        let real = self.real().await?;
        let candidate = self.candidate().await?;
        // In the way back one that stood by serves too, on the ways that it was led to.
        let standby = self.cx.world.instances.standby(&self.service).await?;
        if standby.is_some() {
            self.cx.world.traffic.restore(&self.service, &real, standby.as_ref()).await?;
        }
        self.cx.world.traffic.restore(&self.service, &real, candidate.as_ref()).await?;
        let mut left = 0;
        if let Some(standby) = standby {
            left += self.cx.world.traffic.drain(&self.service, &standby).await?;
            self.cx.world.instances.remove(&standby, self.cx.grace).await?;
        }
        if let Some(candidate) = candidate {
            left += self.cx.world.traffic.drain(&self.service, &candidate).await?;
            step.set_fact(&self.leaving(), &candidate.id)?;
            self.cx.world.instances.remove(&candidate, self.cx.grace).await?;
        }
        // Not before: until now the name stood for the candidate as well.
        self.cx.world.traffic.announce(&self.service, &real, false).await?;
        self.cx.world.traffic.clear(&self.service).await?;
        Ok(left)
    }

    /// The real instance is made as the definition says now, and is healthy; it gets no traffic yet.
    async fn remake_real(&self, version: Version, step: &StepContext<'_>) -> Result<(), Problem> {
        let real = self.cx.world.instances.recreate(&self.service, step).await?;
        self.cx.world.traffic.hold(&self.service, &real).await?;
        crate::healthy::healthy(&self.cx, &self.service, &real, version, step).await
    }
}
