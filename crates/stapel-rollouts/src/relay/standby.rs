//! The former version stands by for the time of the watch, so that the way back is a switch.
//!
//! What it takes is prepared before the real instance is made anew. It is an aid: where it cannot be had, the way back is the longer one,
//! by a candidate of the definition that is put back.

use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;
use crate::{Version, healthy};

pub(super) struct Prepare(pub(super) Leg);

#[async_trait]
impl Step for Prepare {
    fn does(&self) -> Text {
        text!("rollouts-prepare-standby-does", service = &self.0.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-prepare-standby-undoes"))
    }

    /// Nobody can reach what does not run.
    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        if let Err(problem) = self.0.cx.world.instances.prepare_standby(&self.0.service).await {
            cx.say(text!("rollouts-no-standby", why = problem.what));
        }
        Ok(())
    }

    async fn undo(&self, _: &StepContext<'_>) -> Result<(), Problem> {
        self.0.cx.world.instances.drop_standby(&self.0.service).await
    }
}

pub(super) struct StandBy(pub(super) Leg);

#[async_trait]
impl Step for StandBy {
    fn does(&self) -> Text {
        text!("rollouts-standby-does", service = &self.0.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-standby-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Standby
    }

    /// Its start is not waited for: it is ready long before the watch has seen enough.
    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        if let Err(problem) = self.0.cx.world.instances.start_standby(&self.0.service).await {
            cx.say(text!("rollouts-no-standby", why = problem.what));
            // One that was started and could not be kept out. What it fails with is no reason to fail the release.
            if let Err(problem) = self.0.cx.world.instances.drop_standby(&self.0.service).await {
                cx.say(text!("rollouts-no-standby", why = problem.what));
            }
        }
        Ok(())
    }

    /// The former version serves from here on; what comes behind makes it the real one again. One that still starts is waited
    /// for: another candidate would have all of its start before it.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let (world, service) = (&self.0.cx.world, &self.0.service);
        let Some(former) = world.instances.standby(service).await? else { return Ok(()) };
        if let Err(problem) = healthy::healthy(&self.0.cx, service, &former, Version::Former, cx).await {
            cx.say(text!("rollouts-no-standby", why = problem.what));
            return world.instances.drop_standby(service).await;
        }
        let real = world.instances.real(service).await?;
        world.traffic.divert(service, real.as_ref(), &former).await?;
        cx.say(text!("rollouts-standby-serves", service = service));
        match real {
            Some(real) => world.traffic.drain(service, &real).await.map(drop),
            None => Ok(()),
        }
    }
}
