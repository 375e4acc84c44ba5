use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::Residue;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, text};

use super::image::{goal_fact, note_former, point_back, release_tag};
use crate::Site;

/// Points the definition at the image of an earlier release.
pub(super) struct PointImage {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
    pub(super) release: u64,
}

#[async_trait]
impl Step for PointImage {
    fn does(&self) -> Text {
        text!("agent-point-image-does", service = &self.service, release = self.release.to_string())
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-build-undoes", service = &self.service))
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    fn leaves(&self) -> &'static [Residue] {
        &[Residue::Image]
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let images = &self.site.world.images;
        let tag = release_tag(&self.site, self.release);
        let image = images.kept(&self.service, &tag).await?.ok_or_else(|| {
            problem!(
                Failed,
                "agent-image-gone",
                service = &self.service,
                release = self.release.to_string(),
                tag = &tag
            )
        })?;
        note_former(&self.site, &self.service, cx).await?;
        images.point(&self.service, &image).await?;
        // Also under this release's own number, so that a later rollback to it finds it.
        images.keep(&self.service, &image, &release_tag(&self.site, cx.release())).await?;
        cx.set_fact(&goal_fact(&self.service), &image)
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        point_back(&self.site, &self.service, cx).await
    }
}
