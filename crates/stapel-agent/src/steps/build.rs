use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::Residue;
use stapel_core::ports::ImageId;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::image::{goal_fact, note_former, point_back, release_tag};
use crate::Site;

/// Builds the new image, or brings it from its registry, while the old one serves. Its undo points the definition back; the image itself stays under its
/// release's tag until it is pruned, because going down a migration may need it.
pub(super) struct Build {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
    pub(super) no_cache: bool,
    /// For its words: what it does is told by the definition once that is there.
    pub(super) pull: bool,
}

/// Holds what the image's name meant before it was pulled: another release's name may be another one, so the former image
/// is not what it must mean again.
pub(crate) fn named_fact(service: &str) -> String {
    format!("named.{service}")
}

#[async_trait]
impl Step for Build {
    fn does(&self) -> Text {
        match self.pull {
            true => text!("agent-pull-does", service = &self.service),
            false => text!("agent-build-does", service = &self.service),
        }
    }

    fn undoes(&self) -> Option<Text> {
        Some(match self.pull {
            true => text!("agent-pull-undoes", service = &self.service),
            false => text!("agent-build-undoes", service = &self.service),
        })
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
        let image = if images.parts(&self.service).await?.is_some_and(|parts| parts.pulled) {
            cx.set_fact_once(&named_fact(&self.service), &images.pointed(&self.service).await?)?;
            images.pull(&self.service, cx).await?
        } else {
            let service = self.site.config.services.get(&self.service);
            let args = service.map(|service| service.build_args.clone()).unwrap_or_default();
            images.build(&self.service, self.no_cache, &args, cx).await?
        };
        images.keep(&self.service, &image, &release_tag(&self.site, cx.release())).await?;
        cx.set_fact(&goal_fact(&self.service), &image)
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let images = &self.site.world.images;
        match cx.fact::<Option<ImageId>>(&named_fact(&self.service))? {
            Some(Some(image)) => images.point(&self.service, &image).await,
            Some(None) => images.unpoint(&self.service).await,
            None => point_back(&self.site, &self.service, cx).await,
        }
    }
}
