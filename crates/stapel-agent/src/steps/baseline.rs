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
        crate::checks::baseline(&self.site, cx).await
    }
}
