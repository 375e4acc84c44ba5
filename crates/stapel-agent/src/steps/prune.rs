use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::image::{dated, prefix, release_tag};
use crate::Site;

/// For how many releases the images are kept.
const KEEP_RELEASES: usize = 5;

/// Lets go of what is no longer needed for a way back: old dumps, old image tags. The newest proven dump and the images of
/// the last releases always stay. It never fails a release.
pub(super) struct Prune {
    pub(super) site: Arc<Site>,
}

impl Prune {
    async fn dumps(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let dir = self.site.backup_dir();
        let mut all = stapel_data::backup::list(&dir)?.backups;
        // The directory may be shared; and what this release and the one before came from stays.
        let before = self.site.journal.in_service()?.map(|r| r.id);
        all.retain(|b| b.app == self.site.config.app && b.target.as_ref() == Some(&self.site.target_name));
        for old in stapel_data::backup::retention(&all, self.site.config.backup.keep_days, Timestamp::now()) {
            if old.release != Some(cx.release()) && (old.release.is_none() || old.release != before) {
                stapel_data::backup::remove(&dir, &old)?;
            }
        }
        Ok(())
    }

    async fn tags(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let site = &self.site;
        let done = site
            .journal
            .history(usize::from(u8::MAX))?
            .into_iter()
            .filter(|r| r.outcome.is_some_and(|o| o.exit_code() == 0) && r.plan.goal.manifest().is_some());
        let mut keep: Vec<String> = done.take(KEEP_RELEASES).map(|r| release_tag(site, r.id)).collect();
        keep.push(release_tag(site, cx.release()));
        let images = &site.world.images;
        for service in site.config.services.keys() {
            let ours = images.tags(service, &prefix(site)).await?;
            let (dated, numbered): (Vec<_>, Vec<_>) = ours.into_iter().partition(|t| t.starts_with(&dated(site)));
            let old_dated = dated.len().saturating_sub(KEEP_RELEASES);
            let old = dated.into_iter().take(old_dated).chain(numbered.into_iter().filter(|t| !keep.contains(t)));
            for tag in old {
                images.drop_tag(service, &tag).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Step for Prune {
    fn does(&self) -> Text {
        text!("agent-prune-does")
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        for done in [self.dumps(cx).await, self.tags(cx).await] {
            if let Err(problem) = done {
                cx.say(text!("agent-prune-left", why = problem.what));
            }
        }
        Ok(())
    }
}
