use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;
use crate::Version;

pub(super) struct Candidate(pub(super) Leg);

#[async_trait]
impl Step for Candidate {
    fn does(&self) -> Text {
        text!("rollouts-candidate-does", service = &self.0.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-candidate-undoes"))
    }

    /// It serves nobody yet, so nothing has moved.
    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.0.ready_candidate(Version::New, cx).await.map(drop)
    }

    /// Nothing has moved yet: with the candidate goes whatever kept it out of reach.
    async fn undo(&self, _: &StepContext<'_>) -> Result<(), Problem> {
        if let Some(candidate) = self.0.candidate().await? {
            self.0.cx.world.instances.remove(&candidate, self.0.cx.grace).await?;
        }
        self.0.cx.world.traffic.clear(&self.0.service).await
    }
}
