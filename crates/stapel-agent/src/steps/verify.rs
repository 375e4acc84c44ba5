use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::StepSpec;
use stapel_core::ports::ImageId;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, text};

use super::image::goal_fact;
use crate::Site;
use crate::checks::Demand;

/// What was replaced runs, of the image that this release is to put in service; and the checks, asked of the app the way its
/// users come.
pub(super) struct Verify {
    pub(super) site: Arc<Site>,
}

impl Verify {
    async fn in_place(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let mut replaced = BTreeSet::new();
        for step in self.site.journal.plan(cx.release())?.steps {
            if let StepSpec::Phase { service, .. } = step.spec {
                replaced.insert(service);
            }
        }
        for service in &replaced {
            let wanted: Option<ImageId> = cx.fact(&goal_fact(service))?;
            let instances = &self.site.world.instances;
            let real = instances.real(service).await?;
            let Some(real) =
                real.filter(|real| wanted.as_ref().is_none_or(|wanted| real.running && real.image == *wanted))
            else {
                return Err(problem!(Failed, "agent-verify-image", service = service));
            };
            let restarts = instances.vitals(&real).await.ok().flatten().unwrap_or_default().restarts;
            if restarts > 0 {
                cx.say(text!("agent-verify-restarts", service = service, times = restarts));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Step for Verify {
    fn does(&self) -> Text {
        text!("agent-verify-does")
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.in_place(cx).await?;
        let demand = Demand::of_new(&self.site, cx)?;
        if let Some(passed) = self.site.checks.pass_in_service(&self.site, &demand).await? {
            cx.say(text!("agent-verify-done", count = passed.count, millis = passed.slowest_ms));
        }
        Ok(())
    }
}
