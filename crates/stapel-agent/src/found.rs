//! Release 0: what was on the host before Stapel first released there (RUNBOOKS.md, G1).

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use stapel_core::plan::{Goal, Plan};
use stapel_release::Begin;
use stapel_text::{Problem, problem};
use stapel_tree::{Hash, Manifest, Rules, plan_apply};

use crate::Site;
use crate::steps::{goal_fact, release_tag};

/// The fact that holds the schema's revisions as a release found or left them.
pub(crate) const REVISIONS: &str = "revisions";

/// Records what is there as release 0, if nothing is on record yet: the files that `goal` will replace, and the images in
/// use, so that a rollback to it brings them back.
pub(crate) async fn record(site: &Arc<Site>, goal: &Goal) -> Result<(), Problem> {
    let Some(ships) = goal.manifest() else { return Ok(()) };
    if site.journal.has_shipped()? || !site.serves().await? {
        return Ok(());
    }
    let manifest = manifest_of_what_is_there(site, ships).await?;
    let fingerprint = manifest.fingerprint().to_string();
    let hash = site.store_manifest(manifest).await?;
    let mut images = Vec::new();
    for service in site.config.services.keys() {
        if let Some(image) = site.world.images.in_use(service).await? {
            site.world.images.keep(service, &image, &release_tag(site, 0)).await?;
            images.push((service, image));
        }
    }
    let commit = if site.has_checkout() { site.checkout().await?.head().await? } else { None };
    let plan = Plan::none(Goal::Deploy { manifest: hash.to_string(), fingerprint, commit, phase: None });
    let begin = Begin {
        doing: "found".to_owned(),
        who: String::new(),
        origin: String::new(),
        target: site.target_name.clone(),
        config: site.config.clone(),
        plan,
        found: true,
        runner: None,
    };
    site.journal.begin(&begin)?;
    for (service, image) in images {
        site.journal.set_fact(0, &goal_fact(service), &image)?;
    }
    Ok(())
}

/// The goal's paths and those that it removes, as they are now; what the goal has and is not there is not in it.
async fn manifest_of_what_is_there(site: &Arc<Site>, goal: &str) -> Result<Manifest, Problem> {
    let (goal, before) = (site.manifest(goal)?, site.removable().await?);
    let site = Arc::clone(site);
    crate::blocking(move || {
        // Looking saves the content of everything that would be replaced or removed.
        let (path, rules) = (&site.target.path, Rules::everything());
        let applied = plan_apply(path, &site.store, before.as_deref(), &goal, &rules, &site.memory)?;
        let mut there = Manifest::clone(&goal);
        for change in applied.changed {
            match change.before {
                Some(before) => there.entries.insert(change.path, before),
                None => there.entries.remove(&change.path),
            };
        }
        Ok(there)
    })
    .await
}

impl Site {
    /// The schema as release 0 left it can only be asked once an image with the migrations is there: the first release
    /// does that, and writes it down for release 0.
    pub(crate) fn note_found_revisions(&self, revisions: &[String]) -> Result<(), Problem> {
        if self.journal.release(0)?.is_some() && self.journal.fact::<Vec<String>>(0, REVISIONS)?.is_none() {
            self.journal.set_fact(0, REVISIONS, &revisions)?;
        }
        Ok(())
    }

    /// A manifest by its hash, from the object store.
    pub(crate) fn manifest(&self, hash: &str) -> Result<Arc<Manifest>, Problem> {
        let hash: Hash = hash.parse().map_err(|_| problem!(Failed, "agent-manifest-hash", hash = hash))?;
        // Who asks while it is being read waits for it: reading it twice takes no less time.
        let mut manifests = self.manifests();
        if let Some(known) = manifests.get(&hash) {
            return Ok(Arc::clone(known));
        }
        let manifest = Arc::new(Manifest::from_json(&self.store.read(&hash)?)?);
        manifests.insert(hash, Arc::clone(&manifest));
        Ok(manifest)
    }

    /// The manifest that was brought just now, which is in the store only once that was flushed.
    ///
    /// # Errors
    /// As [`Manifest::from_json`]; `agent-manifest-hash` where it is another one.
    pub(crate) fn learn(&self, hash: Hash, json: &[u8]) -> Result<Arc<Manifest>, Problem> {
        if Hash::of(json) != hash {
            return Err(problem!(Failed, "agent-manifest-hash", hash = hash.to_string()));
        }
        let manifest = Arc::new(Manifest::from_json(json)?);
        self.manifests().insert(hash, Arc::clone(&manifest));
        Ok(manifest)
    }

    /// Reads the manifest of the tree in service, while other things are done: it is going to be needed.
    pub(crate) fn read_ahead(self: &Arc<Self>) {
        let site = Arc::clone(self);
        // Whether it fails is seen when it is needed.
        tokio::spawn(crate::blocking(move || site.shipped_before().map(drop)));
    }

    fn manifests(&self) -> MutexGuard<'_, HashMap<Hash, Arc<Manifest>>> {
        self.manifests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The manifest of what a goal puts in service.
    pub(crate) fn tree_of(&self, goal: &Goal) -> Result<Arc<Manifest>, Problem> {
        self.manifest(goal.manifest().ok_or_else(|| problem!(Failed, "agent-no-tree"))?)
    }

    /// Puts a manifest in the object store.
    pub(crate) async fn store_manifest(self: &Arc<Self>, manifest: Manifest) -> Result<Hash, Problem> {
        let site = Arc::clone(self);
        crate::blocking(move || {
            let hash = site.store.put_bytes(&manifest.to_json())?;
            site.store.flush()?;
            site.manifests().insert(hash, Arc::new(manifest));
            Ok(hash)
        })
        .await
    }
}
