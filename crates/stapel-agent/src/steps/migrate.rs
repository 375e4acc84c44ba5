use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::plan::Residue;
use stapel_core::ports::ImageId;
use stapel_release::{Kind, Step, StepContext};
use stapel_rollouts::MOVED;
use stapel_text::{Problem, Text, problem, text};

use super::image::goal_fact;
use crate::Site;
use crate::checks::Demand;
use crate::found::REVISIONS;

/// The revisions before, for the way back.
pub(crate) const BEFORE: &str = "migration.before";
/// Whether the checks passed on the former version after the schema had changed under it.
const SUITS_FORMER: &str = "migration.suits_former";

/// Migrates the schema up from the new image, while the old version serves. Afterwards the checks are asked of the old
/// version: it has to live with the new schema until the switch, and again after a way back.
///
/// Its undo goes down only while no request has reached the version that the schema is for: what was written after that would
/// be lost. Then the schema stays, if the old version was seen to work with it; else a person must decide.
pub(super) struct Migrate {
    pub(super) site: Arc<Site>,
    pub(super) service: String,
    /// What serves is what the schema is for: from here on it writes into it, and the way back leaves it.
    pub(super) serves: bool,
}

impl Migrate {
    /// Whether what serves was seen to be as good with the new schema as before; `false`: there was nothing to ask.
    async fn suits(&self, cx: &StepContext<'_>) -> Result<bool, Problem> {
        let asked = self.site.checks.pass_in_service(&self.site, &Demand::of_former(cx)?).await;
        asked.map(|passed| passed.is_some())
    }

    fn image(&self, cx: &StepContext<'_>) -> Result<Option<ImageId>, Problem> {
        cx.fact(&goal_fact(&self.service))
    }
}

#[async_trait]
impl Step for Migrate {
    fn does(&self) -> Text {
        text!("agent-migrate-does", service = &self.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-migrate-undoes"))
    }

    fn kind(&self) -> Kind {
        // Its requests are the first that meet the new schema: that is the switch.
        if self.serves { Kind::Start } else { Kind::Data }
    }

    fn leaves(&self) -> &'static [Residue] {
        &[Residue::Schema]
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let migrations = self.site.migrations()?;
        let image = self.image(cx)?.ok_or_else(|| problem!(Failed, "agent-no-image", service = &self.service))?;
        let (before, heads) = tokio::try_join!(migrations.current(&image), migrations.heads(&image))?;
        cx.set_fact_once(BEFORE, &before)?;
        self.site.note_found_revisions(&before)?;
        cx.set_fact(REVISIONS, &heads)?;
        if before == heads {
            cx.say(text!("agent-migrate-none", revision = shown(&before)));
            return Ok(());
        }
        migrations.upgrade(&image, cx).await?;
        cx.say(text!("agent-migrate-done", from = shown(&before), to = shown(&heads)));
        if !self.site.serves().await? {
            // There is no former version that could mind.
            return cx.set_fact(SUITS_FORMER, &true);
        }
        match self.suits(cx).await {
            // Where there was nothing to ask, nothing is known.
            Ok(false) => {}
            Ok(true) => cx.set_fact(SUITS_FORMER, &true)?,
            Err(why) => {
                // It goes down at once: nobody is served well by it.
                cx.set_fact(SUITS_FORMER, &false)?;
                return Err(problem!(Failed, "agent-migrate-old-broken").because(why));
            }
        }
        if self.serves {
            cx.set_fact(MOVED, &true)?;
        }
        Ok(())
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        // One that was dropped in its midst goes on in a container of its own.
        self.site.end_what_was_dropped().await?;
        let (Some(before), Some(image)) = (cx.fact::<Vec<String>>(BEFORE)?, self.image(cx)?) else { return Ok(()) };
        let migrations = self.site.migrations()?;
        let now = migrations.current(&image).await?;
        if now == before {
            return Ok(());
        }
        // Who died right after the migration may have had no time to ask: what serves has been writing since.
        let seen = cx.fact::<bool>(SUITS_FORMER)?;
        let unasked = self.serves && seen.is_none();
        if unasked || cx.fact(MOVED)?.unwrap_or(false) {
            let suits = if unasked { self.suits(cx).await.unwrap_or(false) } else { seen.unwrap_or(false) };
            if suits {
                cx.say(text!("agent-migrate-stays", revision = shown(&now)));
                return Ok(());
            }
            return Err(problem!(Stuck, "agent-migrate-cannot-go-down", now = shown(&now), before = shown(&before)));
        }
        match before.as_slice() {
            [] => migrations.downgrade(&image, "", cx).await,
            [one] => migrations.downgrade(&image, one, cx).await,
            _ => Err(problem!(Stuck, "agent-migrate-cannot-go-down", now = shown(&now), before = shown(&before))),
        }
    }
}

/// Revisions as people read them.
pub(super) fn shown(revisions: &[String]) -> String {
    if revisions.is_empty() { "-".to_owned() } else { revisions.join(", ") }
}
