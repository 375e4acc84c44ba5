use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;
use crate::Version;

pub(super) struct Replace(pub(super) Leg);

#[async_trait]
impl Step for Replace {
    fn does(&self) -> Text {
        text!("rollouts-replace-does", service = &self.0.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-replace-undoes", service = &self.0.service))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    /// Gone on with after a boot, it finds no candidate any more.
    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.0.bridge(Version::New, cx).await?;
        self.0.remake_real(Version::New, cx).await
    }

    /// Also where the former instance seems to be there still: a command that died may have asked the engine to stop it,
    /// and the engine does so when it comes to it.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.0.bridge(Version::Former, cx).await?;
        self.0.remake_real(Version::Former, cx).await
    }
}
