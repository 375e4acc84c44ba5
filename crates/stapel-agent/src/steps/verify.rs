use std::sync::Arc;

use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use crate::Site;
use crate::checks::Demand;

/// The checks, asked of the app the way its users come.
pub(super) struct Verify {
    pub(super) site: Arc<Site>,
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
        let demand = Demand::of_new(&self.site, cx)?;
        if let Some(passed) = self.site.checks.pass_in_service(&self.site, &demand).await? {
            cx.say(text!("agent-verify-done", count = passed.count, millis = passed.slowest_ms));
        }
        Ok(())
    }
}
