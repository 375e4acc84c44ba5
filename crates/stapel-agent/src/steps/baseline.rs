use std::sync::Arc;

use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use crate::Site;

/// Looks at the app before anything is changed, for the watch to compare with.
pub(super) struct Baseline {
    pub(super) site: Arc<Site>,
}

#[async_trait]
impl Step for Baseline {
    fn does(&self) -> Text {
        text!("agent-baseline-does")
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let baseline = self.site.checks.baseline(&self.site).await?;
        for (check, _) in baseline.checks.iter().filter(|(_, seen)| seen.ok == 0) {
            cx.say(text!("agent-baseline-broken", check = check));
        }
        cx.set_fact_once(crate::checks::BASELINE, &baseline)
    }
}
