use async_trait::async_trait;
use stapel_core::observation::ServiceFacts;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, seconds, text};

use crate::healthy::healthy;
use crate::relay::MOVED;
use crate::{Context, Rollout, Version};

/// The former instance ends before the new one starts: for what may never run twice at once (it polls, it writes SQLite), and
/// for what has no room beside it (`network_mode: host`). It suits whatever runs, but only where the team says so, for
/// requests may be lost by it.
pub(crate) struct Recreate;

impl Rollout for Recreate {
    fn name(&self) -> &'static str {
        "recreate"
    }

    fn suits(&self, facts: &ServiceFacts) -> Option<Text> {
        let why = match facts.copies {
            0 | 1 => text!("rollouts-why-recreate"),
            copies => text!("rollouts-why-recreate-copies", copies = copies.to_string()),
        };
        facts.runs().then_some(why)
    }

    /// Stopping, making and starting; how long it was is measured and said.
    fn gap_s(&self) -> f64 {
        10.0
    }

    fn phases(&self) -> &'static [&'static str] {
        &["recreate"]
    }

    fn step(&self, phase: &str, service: &str, context: &Context) -> Option<Box<dyn Step>> {
        (phase == "recreate")
            .then(|| Box::new(Anew { service: service.to_owned(), cx: context.clone() }) as Box<dyn Step>)
    }
}

struct Anew {
    service: String,
    cx: Context,
}

impl Anew {
    /// Makes it anew from the definition as it is now, and says for how long nobody served.
    async fn remake(&self, version: Version, cx: &StepContext<'_>) -> Result<(), Problem> {
        let begun = std::time::Instant::now();
        let real = self.cx.world.instances.recreate(&self.service, cx).await?;
        healthy(&self.cx, &self.service, &real, version, cx).await?;
        self.cx.world.traffic.announce(&self.service, &real, true).await?;
        let gap = seconds(begun.elapsed().as_secs_f64());
        cx.say(text!("rollouts-recreate-gap", service = &self.service, gap = gap));
        Ok(())
    }
}

#[async_trait]
impl Step for Anew {
    fn does(&self) -> Text {
        text!("rollouts-recreate-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-replace-undoes", service = &self.service))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        cx.set_fact(MOVED, &true)?;
        self.remake(Version::New, cx).await
    }

    /// Also where the former instance seems to be there still: a command that died may have asked the engine to stop it.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.remake(Version::Former, cx).await
    }
}
