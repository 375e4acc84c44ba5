use std::sync::Arc;

use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};
use stapel_tree::Applied;

use crate::Site;

/// The fact that holds what was changed.
pub(crate) const APPLIED: &str = "applied";

/// Puts the goal's tree in the app's directory, from the object store: each file is replaced as a whole, what the last
/// release shipped and this one does not have is removed last, what is not ours is kept.
pub(super) struct Ship {
    pub(super) site: Arc<Site>,
}

#[async_trait]
impl Step for Ship {
    fn does(&self) -> Text {
        text!("agent-ship-does", path = self.site.target.path.as_str())
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-ship-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let applied = match cx.fact::<Applied>(APPLIED)? {
            Some(applied) => applied,
            None => {
                let applied = self.site.tree_change(cx.release()).await?;
                cx.set_fact(APPLIED, &applied)?;
                applied
            }
        };
        let files = applied.files().count();
        let site = Arc::clone(&self.site);
        crate::blocking(move || stapel_tree::carry_out(&site.target.path, &site.store, &applied)).await?;
        self.site.definition_changed().await;
        cx.say(text!("agent-ship-done", files = files));
        Ok(())
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let Some(applied) = cx.fact::<Applied>(APPLIED)? else { return Ok(()) };
        let site = Arc::clone(&self.site);
        let displaced = crate::blocking(move || stapel_tree::revert(&site.target.path, &site.store, &applied)).await?;
        self.site.definition_changed().await;
        for other in displaced {
            cx.say(text!("agent-ship-displaced", path = other.path));
        }
        Ok(())
    }
}
