//! The former version stands by for the time of the watch, so that the way back is a switch.
//!
//! What it takes is prepared before its definition changes. It is an aid: where it cannot be had, the way back is the longer one,
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
            self.0.cx.world.instances.drop_standby(&self.0.service).await?;
        }
        Ok(())
    }

    /// The former version serves from here on, as the candidate of the way back.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let Some(former) = self.0.staying_candidate(cx).await? else { return Ok(()) };
        match healthy::healthy(&self.0.cx, &self.0.service, &former, Version::Former, cx).await {
            Ok(()) => {
                let real = self.0.cx.world.instances.real(&self.0.service).await?;
                self.0.cx.world.traffic.divert(&self.0.service, real.as_ref(), &former).await?;
                cx.say(text!("rollouts-standby-serves", service = &self.0.service));
                match real {
                    Some(real) => self.0.cx.world.traffic.drain(&self.0.service, &real).await.map(drop),
                    None => Ok(()),
                }
            }
            Err(problem) => {
                cx.say(text!("rollouts-no-standby", why = problem.what));
                self.0.cx.world.instances.remove(&former, self.0.cx.grace).await
            }
        }
    }
}
