use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::ports::ImageId;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, text};

use super::image::former;
use super::migrate::shown;
use crate::Site;
use crate::found::REVISIONS;

/// Takes the schema down after a rollback, from the image that went, which holds the migrations. Asked for in words only:
/// what the newer version stored in what goes is lost, but for the dump that was taken before.
pub(super) struct MigrateDown {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
    pub(super) to: String,
}

impl MigrateDown {
    fn image(&self, cx: &StepContext<'_>) -> Result<ImageId, Problem> {
        former(&self.service, cx)?.ok_or_else(|| problem!(Failed, "agent-no-image", service = &self.service))
    }
}

#[async_trait]
impl Step for MigrateDown {
    fn does(&self) -> Text {
        text!("agent-migrate-down-does", to = if self.to.is_empty() { "-" } else { &self.to })
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-migrate-down-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Data
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let migrations = self.site.migrations()?;
        let image = self.image(cx)?;
        let before = migrations.current(&image).await?;
        migrations.downgrade(&image, &self.to, cx).await?;
        let now = migrations.current(&image).await?;
        cx.set_fact(REVISIONS, &now)?;
        cx.say(text!("agent-migrate-done", from = shown(&before), to = shown(&now)));
        Ok(())
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.site.end_what_was_dropped().await?;
        self.site.migrations()?.upgrade(&self.image(cx)?, cx).await
    }
}
