use std::sync::Arc;

use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, seconds, text};

use crate::Site;

/// For a time after the switch the app is compared with its baseline; worse means back.
pub(super) struct Watch {
    pub(super) site: Arc<Site>,
}

#[async_trait]
impl Step for Watch {
    fn does(&self) -> Text {
        text!("agent-watch-does", time = seconds(self.site.config.watch.duration.as_secs_f64()))
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        crate::checks::watch(&self.site, cx).await
    }
}
