use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::Residue;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, text};

use super::image::{goal_fact, release_tag};
use crate::Site;

/// Keeps the image in use under this release's number, too, so that a rollback to it finds it. It changes nothing else, so
/// there is nothing to undo; the tag stays until it is pruned.
pub(super) struct HoldImage {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
}

#[async_trait]
impl Step for HoldImage {
    fn does(&self) -> Text {
        text!("agent-hold-image-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    fn leaves(&self) -> &'static [Residue] {
        &[Residue::Image]
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let images = &self.site.world.images;
        let changed = || problem!(Failed, "agent-hold-image-changed", service = &self.service);
        let image = images.in_use(&self.service).await?.ok_or_else(changed)?;
        if images.pointed(&self.service).await?.as_ref() != Some(&image) {
            // Whoever makes the container anew must not get another one.
            return Err(changed());
        }
        images.keep(&self.service, &image, &release_tag(&self.site, cx.release())).await?;
        cx.set_fact(&goal_fact(&self.service), &image)
    }
}
