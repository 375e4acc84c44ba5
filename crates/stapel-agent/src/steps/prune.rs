use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use stapel_core::config::EngineKind;
use stapel_core::plan::Goal;
use stapel_core::ports::ImageId;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, bytes, text};

use super::image::{dated, goal_fact, prefix, release_tag};
use crate::Site;
use crate::observe::{ended_well, file_system};

/// Lets go of what is no longer needed for a way back: old dumps, old images, build cache. The newest proven dump, the images
/// of the last releases and those that a way back leads to always stay. It never fails a release.
pub(super) struct Prune {
    pub(super) site: Arc<Site>,
}

/// What went.
#[derive(Debug, Default)]
struct Gone {
    tags: usize,
    unnamed: usize,
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

    /// Images, of this service only. What cannot be taken away now is left, and the others go.
    async fn images(&self, service: &str, needed: &BTreeSet<u64>, gone: &mut Gone) -> Result<(), Problem> {
        let (site, images) = (&self.site, &self.site.world.images);
        let keep: Vec<String> = needed.iter().map(|release| release_tag(site, *release)).collect();
        let ours = images.tags(service, &prefix(site)).await?;
        let (dated, numbered): (Vec<_>, Vec<_>) = ours.into_iter().partition(|t| t.starts_with(&dated(site)));
        let old_dated = dated.len().saturating_sub(site.config.images.keep);
        let old = dated.into_iter().take(old_dated).chain(numbered.into_iter().filter(|t| !keep.contains(t)));
        let mut left = None;
        for tag in old {
            match images.drop_tag(service, &tag).await {
                Ok(()) => gone.tags += 1,
                Err(problem) => drop(left.get_or_insert(problem)),
            }
        }
        let (mut built, mut stay) = (Vec::new(), Vec::new());
        for release in site.journal.history(usize::from(u16::MAX))? {
            let image: Option<ImageId> = site.journal.fact(release.id, &goal_fact(service))?;
            if needed.contains(&release.id) {
                stay.extend(image.clone());
            }
            built.extend(image);
        }
        gone.unnamed += images.drop_unnamed(service, &built, &stay).await?;
        left.map_or(Ok(()), Err)
    }

    async fn say(&self, cx: &StepContext<'_>, before: u64, gone: &Gone) -> Result<(), Problem> {
        let free = self.free()?;
        let (tags, unnamed, freed) = (gone.tags, gone.unnamed, bytes(free.saturating_sub(before)));
        let (free, before) = (bytes(free), bytes(before));
        cx.say(text!("agent-prune-done", tags = tags, unnamed = unnamed, freed = freed, free = free, before = before));
        Ok(())
    }

    /// Free bytes where the engine keeps its images.
    fn free(&self) -> Result<u64, Problem> {
        let at = self.site.images_at().unwrap_or(self.site.place.root());
        file_system(at).map(|(_, free)| free)
    }

    async fn all(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let (site, before, mut gone) = (&self.site, self.free()?, Gone::default());
        let needed = site.needed(cx.release())?;
        let mut left = None;
        // First of all: from here on nobody needs them, and they take memory.
        for dropped in join_all(site.config.services.keys().map(|service| site.drop_standby(service))).await {
            if let Err(problem) = dropped {
                left.get_or_insert(problem);
            }
        }
        for service in site.config.services.keys() {
            if let Err(problem) = self.images(service, &needed, &mut gone).await {
                left.get_or_insert(problem);
            }
        }
        if let Some(keep) = site.config.images.build_cache.bytes()
            && let Err(problem) = site.world.images.prune_cache(keep).await
        {
            left.get_or_insert(problem);
        }
        self.say(cx, before, &gone).await?;
        left.map_or(Ok(()), Err)
    }
}

impl Site {
    /// The releases whose images stay: the newest, the one that is on its way, the one it replaces, and where ways back from
    /// these lead to.
    pub(super) fn needed(&self, now: u64) -> Result<BTreeSet<u64>, Problem> {
        let all = self.journal.history(usize::from(u16::MAX))?;
        let shipped = all.iter().filter(|r| r.id != now && ended_well(r) && r.plan.goal.manifest().is_some());
        let mut needed: BTreeSet<u64> = shipped.map(|r| r.id).take(self.config.images.keep.saturating_sub(1)).collect();
        needed.extend(self.journal.in_service()?.map(|r| r.id));
        needed.insert(now);
        // What was gone back to may be older than all of them; and from there it goes on backwards.
        let led_to = |id: u64| all.iter().find(|r| r.id == id).map(|r| &r.plan.goal);
        for id in needed.clone() {
            let mut at = id;
            while let Some(Goal::Rollback { to, .. }) = led_to(at) {
                at = *to;
                needed.insert(at);
            }
            if id == now {
                needed.extend(self.before(self.first_phase(at)?)?.map(|r| r.id));
            }
        }
        Ok(needed)
    }
}

#[async_trait]
impl Step for Prune {
    fn does(&self) -> Text {
        let config = &self.site.config;
        let (days, releases) = (config.backup.keep_days, config.images.keep);
        match config.images.build_cache.bytes().filter(|_| config.engine == EngineKind::Docker) {
            Some(keep) => text!("agent-prune-does-cache", days = days, releases = releases, cache = bytes(keep)),
            None => text!("agent-prune-does", days = days, releases = releases),
        }
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        for done in [self.dumps(cx).await, self.all(cx).await] {
            if let Err(problem) = done {
                cx.say(text!("agent-prune-left", why = problem.what));
            }
        }
        Ok(())
    }
}
