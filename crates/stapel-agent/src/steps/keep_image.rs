use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::image::dated;
use crate::Site;

const TAG: &str = "kept_tag";

/// Keeps the image in use under a dated tag, so that it is there for the way back (RUNBOOKS.md, C4).
pub(super) struct KeepImage {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
}

impl KeepImage {
    fn fact(&self) -> String {
        format!("{TAG}.{}", self.service)
    }
}

#[async_trait]
impl Step for KeepImage {
    fn does(&self) -> Text {
        text!("agent-keep-image-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-keep-image-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let Some(image) = self.site.world.images.in_use(&self.service).await? else { return Ok(()) };
        let tag = format!("{}{}-r{}", dated(&self.site), Timestamp::now().strftime("%Y-%m-%d_%H-%M-%S"), cx.release());
        cx.set_fact_once(&self.fact(), &tag)?;
        let tag: String = cx.fact(&self.fact())?.unwrap_or(tag);
        let name = self.site.world.images.keep(&self.service, &image, &tag).await?;
        cx.say(text!("agent-keep-image-kept", name = name));
        Ok(())
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        match cx.fact::<String>(&self.fact())? {
            Some(tag) => self.site.world.images.drop_tag(&self.service, &tag).await,
            None => Ok(()),
        }
    }
}
