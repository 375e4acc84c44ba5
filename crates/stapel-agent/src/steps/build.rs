use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::Residue;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::image::{goal_fact, note_former, point_back, release_tag};
use crate::Site;

/// Builds the new image while the old one serves. Its undo points the definition back; the image itself stays under its
/// release's tag until it is pruned, because going down a migration may need it.
pub(super) struct Build {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
    pub(super) no_cache: bool,
}

#[async_trait]
impl Step for Build {
    fn does(&self) -> Text {
        text!("agent-build-does", service = &self.service)
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
        note_former(&self.site, &self.service, cx).await?;
        let images = &self.site.world.images;
        let image = images.build(&self.service, self.no_cache, cx).await?;
        images.keep(&self.service, &image, &release_tag(&self.site, cx.release())).await?;
        cx.set_fact(&goal_fact(&self.service), &image)
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        point_back(&self.site, &self.service, cx).await
    }
}
