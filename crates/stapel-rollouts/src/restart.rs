use async_trait::async_trait;
use stapel_core::observation::ServiceFacts;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, seconds, text};

use crate::healthy::unwell;
use crate::relay::MOVED;
use crate::{Context, Rollout};

/// Stop and start again, of the same instance. It never suits by itself: a person asks for it, or the service is one that
/// must not run twice (a database).
pub(crate) struct Restart;

impl Rollout for Restart {
    fn name(&self) -> &'static str {
        "restart"
    }

    fn suits(&self, _: &ServiceFacts) -> Option<Text> {
        None
    }

    /// Stopping and starting; how long it was is measured and said.
    fn gap_s(&self) -> f64 {
        5.0
    }

    fn phases(&self) -> &'static [&'static str] {
        &["restart"]
    }

    fn step(&self, phase: &str, service: &str, context: &Context) -> Option<Box<dyn Step>> {
        (phase == "restart")
            .then(|| Box::new(Again { service: service.to_owned(), cx: context.clone() }) as Box<dyn Step>)
    }
}

struct Again {
    service: String,
    cx: Context,
}

impl Again {
    /// Holds whether it was asked to stop and is not known to have been started since.
    fn stopping(&self) -> String {
        format!("restart.stopping.{}", self.service)
    }
}

#[async_trait]
impl Step for Again {
    fn does(&self) -> Text {
        text!("rollouts-restart-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-restart-undoes", service = &self.service))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let real = self.cx.world.instances.real(&self.service).await?;
        let real = real.ok_or_else(|| problem!(Failed, "rollouts-no-real", service = &self.service))?;
        cx.set_fact(MOVED, &true)?;
        cx.set_fact(&self.stopping(), &true)?;
        let stopped = std::time::Instant::now();
        self.cx.world.instances.restart(&real, self.cx.grace).await?;
        cx.set_fact(&self.stopping(), &false)?;
        // An engine may give it another identity.
        let real = self.cx.world.instances.real(&self.service).await?.unwrap_or(real);
        if let Some((detail, logs)) = unwell(&self.cx, &self.service, &real).await? {
            return Err(problem!(
                Failed,
                "rollouts-restart-not-healthy",
                instance = &real.name,
                detail = detail,
                logs = logs
            ));
        }
        cx.say(text!("rollouts-restart-gap", service = &self.service, gap = seconds(stopped.elapsed().as_secs_f64())));
        Ok(())
    }

    /// Nothing of it was changed; but it may have been stopped and not started. One that was asked to stop may seem to run still.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let stopping = cx.fact(&self.stopping())?.unwrap_or(false);
        match self.cx.world.instances.real(&self.service).await? {
            Some(real) if stopping || !real.running => {
                self.cx.world.instances.restart(&real, self.cx.grace).await?;
                cx.set_fact(&self.stopping(), &false)
            }
            _ => Ok(()),
        }
    }
}
