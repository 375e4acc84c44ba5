use async_trait::async_trait;
use stapel_core::observation::ServiceFacts;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use crate::healthy::healthy;
use crate::relay::MOVED;
use crate::{Context, Rollout, Version};

/// The first start of a service that does not run: nothing serves, so nothing can be lost.
pub(crate) struct Start;

impl Rollout for Start {
    fn name(&self) -> &'static str {
        "start"
    }

    fn suits(&self, facts: &ServiceFacts) -> Option<Text> {
        (!facts.runs()).then(|| text!("rollouts-why-start"))
    }

    fn gap_s(&self) -> f64 {
        0.0
    }

    fn phases(&self) -> &'static [&'static str] {
        &["start"]
    }

    fn step(&self, phase: &str, service: &str, context: &Context) -> Option<Box<dyn Step>> {
        (phase == "start")
            .then(|| Box::new(First { service: service.to_owned(), cx: context.clone() }) as Box<dyn Step>)
    }
}

struct First {
    service: String,
    cx: Context,
}

impl First {
    /// Holds the instance that was there before, stopped.
    fn fact(&self) -> String {
        format!("start.former.{}", self.service)
    }
}

#[async_trait]
impl Step for First {
    fn does(&self) -> Text {
        text!("rollouts-start-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-start-undoes", service = &self.service))
    }

    /// Nothing served before, so nothing must serve while the definition goes back: it is undone before that, as long as
    /// its definition is there.
    fn kind(&self) -> Kind {
        Kind::Start
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let former = self.cx.world.instances.real(&self.service).await?.map(|r| r.id);
        cx.set_fact_once(&self.fact(), &former)?;
        cx.set_fact(MOVED, &true)?;
        let real = self.cx.world.instances.recreate(&self.service, cx).await?;
        healthy(&self.cx, &self.service, &real, Version::New, cx).await?;
        self.cx.world.traffic.restore(&self.service, &real, None).await
    }

    /// Removes what it made; what the team had there, stopped, stays.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let Some(former) = cx.fact::<Option<String>>(&self.fact())? else { return Ok(()) };
        match self.cx.world.instances.real(&self.service).await? {
            Some(real) if former.as_ref() == Some(&real.id) => {}
            Some(real) => self.cx.world.instances.remove(&real, self.cx.grace).await?,
            None => {}
        }
        self.cx.world.traffic.clear(&self.service).await
    }
}
