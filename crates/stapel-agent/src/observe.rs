use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use futures_util::future::try_join_all;
use stapel_core::Touched;
use stapel_core::config::EngineKind;
use stapel_core::observation::{LastRelease, Observation, Room, ServiceFacts, Then};
use stapel_core::plan::{self, Goal, Plan, StepSpec};
use stapel_core::ports::{ImageId, Instance, Parts};
use stapel_release::{RESERVE_BYTES, Release};
use stapel_text::{Class, Problem, problem};
use stapel_tree::{Applied, Entry, Hash, Manifest, Rules};

use crate::Site;
use crate::foreseen;
use crate::found::REVISIONS;
use crate::protocol::Ask;
use crate::steps::{self, goal_fact};

/// For how many releases in a row a tree may only have been held.
const HELD: usize = 50;

impl Site {
    /// What is asked for, as goals in their order; several only for a deploy in phases. A rollback's target is looked up in the
    /// journal.
    pub(crate) fn goals(&self, ask: &Ask) -> Result<Vec<Goal>, Problem> {
        let one = match ask {
            Ask::Phases { phases } => return self.phase_goals(phases),
            Ask::Deploy { manifest, commit, .. } => {
                let fingerprint = self.manifest(&manifest.to_string())?.fingerprint().to_string();
                Goal::Deploy { manifest: manifest.to_string(), fingerprint, commit: commit.clone(), phase: None }
            }
            Ask::Rollback { to, down } => {
                let to = self.rollback_target(*to)?;
                let goal = &to.plan.goal;
                let down_to = if *down {
                    // Not known is not the same as none: that would be the way down to nothing.
                    let revisions = self.revisions_after(to.id)?;
                    let unknown = || problem!(Refused, "agent-rollback-unknown-revision", release = to.id.to_string());
                    match revisions.ok_or_else(unknown)?.as_slice() {
                        [] => Some(String::new()),
                        [one] => Some(one.clone()),
                        _ => return Err(problem!(Refused, "agent-rollback-branches", release = to.id.to_string())),
                    }
                } else {
                    None
                };
                let (Some(manifest), Some(fingerprint)) = (goal.manifest(), goal.fingerprint()) else {
                    return Err(problem!(Refused, "agent-rollback-failed-one", release = to.id.to_string()));
                };
                let (manifest, fingerprint) = (manifest.to_owned(), fingerprint.to_owned());
                Goal::Rollback { to: to.id, manifest, fingerprint, down_to }
            }
            Ask::Restart { services, hard } => {
                let all = || self.config.services.keys().cloned().collect();
                Goal::Restart { services: if services.is_empty() { all() } else { services.clone() }, hard: *hard }
            }
        };
        Ok(vec![one])
    }

    /// Where the schema was after a release: as it noted, or as the newest before it that looked; those between had nothing
    /// to migrate.
    fn revisions_after(&self, release: u64) -> Result<Option<Vec<String>>, Problem> {
        let all = self.journal.history(usize::from(u16::MAX))?;
        for one in all.iter().filter(|r| r.id <= release && r.outcome.is_some_and(|o| o.exit_code() == 0)) {
            if let Some(found) = self.journal.fact(one.id, REVISIONS)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The release that a rollback leads to: the one named, else the one that was in service before the one that is.
    fn rollback_target(&self, to: Option<u64>) -> Result<Release, Problem> {
        let current = self.journal.in_service()?.ok_or_else(|| problem!(Refused, "agent-rollback-nothing"))?;
        // A rollback put an earlier release in service: from there it goes on backwards.
        let effective = match current.plan.goal {
            Goal::Rollback { to, .. } => to,
            Goal::Deploy { .. } | Goal::Restart { .. } => current.id,
        };
        // All phases of a deploy go back at once.
        let effective = self.first_phase(effective)?;
        match to {
            Some(id) => {
                let found = self.journal.known(id)?;
                if ended_well(&found) {
                    Ok(found)
                } else {
                    Err(problem!(Refused, "agent-rollback-failed-one", release = id.to_string()))
                }
            }
            None => self.before(effective)?.ok_or_else(|| problem!(Refused, "agent-rollback-nothing")),
        }
    }

    /// From now on only the checks are asked that a goal's version can know: an earlier one knows no later check.
    pub(crate) fn ask_for(&mut self, goal: &Goal) -> Result<(), Problem> {
        if let Goal::Rollback { to, .. } = goal
            && let Some(then) = self.journal.release(*to)?
        {
            self.checks.only(&then.config.checks);
        }
        Ok(())
    }

    /// What a rollback leads to from this release: what was in service before it. Where that was gone back to, it is the release
    /// that had put it there, and not the one that was gone back from.
    pub(crate) fn before(&self, release: u64) -> Result<Option<Release>, Problem> {
        let earlier = self.journal.history(usize::from(u16::MAX))?.into_iter();
        let mut shipped = earlier.filter(|r| r.id < release && ended_well(r) && r.plan.goal.manifest().is_some());
        let Some(mut before) = shipped.next() else { return Ok(None) };
        while let Goal::Rollback { to, .. } = before.plan.goal {
            before = self.journal.known(to)?;
        }
        Ok(Some(before))
    }

    /// What is there now.
    pub(crate) async fn observe(self: &Arc<Self>, goal: &Goal) -> Result<Observation, Problem> {
        if let Goal::Restart { services, .. } = goal {
            return self.observe_restart(services).await;
        }
        let manifest = self.tree_of(goal)?;
        // All at once: none of these questions waits for the answer to another.
        let facts = self.config.services.keys().map(|name| async move {
            let (images, instances) = (&self.world.images, &self.world.instances);
            let (real, pointed, parts) =
                tokio::try_join!(instances.real(name), images.pointed(name), images.parts(name))?;
            let pulled = match goal {
                // An earlier image is kept here.
                Goal::Deploy { .. } if parts.as_ref().is_some_and(|parts| parts.pulled) => {
                    Some(images.offered(name).await?)
                }
                _ => None,
            };
            let written = self.written(name, real.as_ref()).await?;
            let then = match goal {
                Goal::Rollback { to, .. } => Some(self.then(*to, name).await?),
                Goal::Deploy { .. } | Goal::Restart { .. } => None,
            };
            let defined = parts.as_ref().map(ServiceFacts::of).unwrap_or_default();
            let facts = ServiceFacts { real, pointed, pulled, then, written, ..defined };
            Ok::<_, Problem>((name.clone(), facts, parts))
        });
        let (facts, change, (sizes, notes)) =
            tokio::join!(try_join_all(facts), self.change_to(&manifest), self.glances());
        let change = change?;
        let mut services = BTreeMap::new();
        let paths = self.changed_paths(&manifest, &change)?;
        for (name, facts, parts) in facts? {
            let touch = |(parts, paths): (Parts, &BTreeSet<String>)| {
                Touched::by(&parts, paths.iter().map(String::as_str), &self.config.source.env)
            };
            let touched = parts.zip(paths.as_ref()).map(touch);
            services.insert(name, ServiceFacts { touched, ..facts });
        }
        let serves = services.values().any(ServiceFacts::runs);
        let mut databases = BTreeMap::new();
        for (name, size) in sizes {
            match size {
                Ok(bytes) => drop(databases.insert(name.clone(), bytes)),
                Err(problem) if serves || !self.databases[name].comes_with_the_app() => {
                    return Err(problem.class(Class::Refused));
                }
                // Before the first start there is no database of the app yet.
                Err(problem) => tracing::info!(%problem, database = name, "no database"),
            }
        }
        let images = match goal {
            Goal::Deploy { .. } => services.values().filter(|s| s.real.is_some()).count(),
            Goal::Rollback { .. } | Goal::Restart { .. } => 0,
        };
        let rooms = rooms(self, &change, databases.values().sum(), images as u64 * IMAGE_BYTES)?;
        let mut files = foreseen::files(&change);
        let mut observation = Observation {
            engine: self.engine.clone(),
            services,
            last: self.last_release()?,
            files_differ: files.len(),
            foreign: change.foreign.len(),
            kept: change.foreign.iter().take(Observation::NAMED).cloned().collect(),
            env: self.env_changes(&manifest)?,
            files: files.drain(..files.len().min(Observation::NAMED)).collect(),
            databases,
            rooms,
            guardian: self.guardian(),
            replaces: digest(&change),
            checkout: self.checkout_facts(goal).await?,
            schema: None,
        };
        observation.schema = self.schema(&manifest, &observation, notes)?;
        Ok(observation)
    }

    /// What an earlier release had to do with a service.
    async fn then(&self, release: u64, service: &str) -> Result<Then, Problem> {
        if self.journal.fact::<ImageId>(release, &goal_fact(service))?.is_none() {
            return Ok(Then::Nothing);
        }
        let kept = self.world.images.kept(service, &steps::release_tag(self, release)).await?;
        Ok(if kept.is_some() { Then::Kept } else { Then::Gone })
    }

    /// Whether the migrations of the tree in service were left to a later phase. Releases since that only held it tell nothing.
    fn unmigrated(&self, last: &Release) -> Result<bool, Problem> {
        let tells = |release: &Release| {
            let migrated = release.plan.steps.iter().any(|step| matches!(step.spec, StepSpec::Migrate { .. }));
            let left = release.plan.goal.phase().is_some_and(|phase| !phase.migrates);
            let deployed = matches!(release.plan.goal, Goal::Deploy { .. });
            (migrated || left || !deployed).then_some(left && !migrated)
        };
        if let Some(told) = tells(last) {
            return Ok(told);
        }
        let earlier = self.journal.history(HELD)?.into_iter();
        let mut earlier = earlier.filter(|r| r.id < last.id && ended_well(r) && r.plan.goal.manifest().is_some());
        Ok(earlier.find_map(|release| tells(&release)).unwrap_or(false))
    }

    /// What changes on the host, and what the last release did not have: that may lie there already, brought by hand, and be
    /// in no image. `None` before the first release.
    fn changed_paths(&self, goal: &Manifest, change: &Applied) -> Result<Option<BTreeSet<String>>, Problem> {
        let Some(last) = self.shipped_before()? else { return Ok(None) };
        let paths = last.differing(goal).into_iter().map(str::to_owned);
        Ok(Some(paths.chain(change.files().map(|c| c.path.clone())).collect()))
    }

    /// The files of a service's definition that were edited on the host since its instance was made.
    async fn written(&self, service: &str, real: Option<&Instance>) -> Result<Vec<String>, Problem> {
        let Some(real) = real else { return Ok(Vec::new()) };
        self.unshipped(self.world.instances.written_since(service, real).await?)
    }

    /// What is there of these services, which are to be restarted.
    async fn observe_restart(&self, names: &[String]) -> Result<Observation, Problem> {
        let instances = &self.world.instances;
        self.known_services(names).await?;
        let mut services = BTreeMap::new();
        for name in names {
            let images = &self.world.images;
            let (real, pointed, parts) =
                tokio::try_join!(instances.real(name), images.pointed(name), images.parts(name))?;
            let written = self.written(name, real.as_ref()).await?;
            let defined = parts.as_ref().map(ServiceFacts::of).unwrap_or_default();
            services.insert(name.clone(), ServiceFacts { real, pointed, written, ..defined });
        }
        Ok(Observation {
            engine: self.engine.clone(),
            services,
            last: self.last_release()?,
            guardian: self.guardian(),
            ..Observation::default()
        })
    }

    /// Those of the files that are not as the release in service left them: one that was undone has written the others as
    /// they were.
    fn unshipped(&self, files: Vec<Utf8PathBuf>) -> Result<Vec<String>, Problem> {
        let shipped = self.shipped_before()?;
        let as_shipped = |path: &Utf8Path| {
            let entry = shipped.as_ref()?.entries.get(path.strip_prefix(&self.target.path).ok()?.as_str())?;
            Some(entry.hash() == std::fs::read(path).ok().map(|content| Hash::of(&content)))
        };
        let others = files.into_iter().filter(|path| as_shipped(path) != Some(true));
        Ok(others.map(|path| path.strip_prefix(&self.target.path).unwrap_or(&path).to_string()).collect())
    }

    /// The release that had made what this one put in service, which may be a rollback to it; release 0 where it was found.
    fn made_by(&self, release: &Release) -> Result<Release, Problem> {
        let mut release = release.clone();
        while let Goal::Rollback { to, .. } = release.plan.goal {
            release = self.journal.known(to)?;
        }
        Ok(release)
    }

    fn last_release(&self) -> Result<Option<LastRelease>, Problem> {
        let Some(last) = self.journal.in_service()? else { return Ok(None) };
        let mut images = BTreeMap::new();
        for service in self.config.services.keys() {
            if let Some(image) = self.journal.fact(last.id, &goal_fact(service))? {
                images.insert(service.clone(), image);
            }
        }
        let (goal, id) = (&last.plan.goal, last.id);
        let commit = self.commit_of(goal)?;
        let made = self.made_by(&last)?;
        let found = made.id == 0;
        // Whoever built what was found, we did not.
        let built = if found { BTreeMap::new() } else { made.config.services };
        let build_args = built.into_iter();
        let build_args = build_args.map(|(name, service)| (name, service.build_args)).collect();
        Ok(Some(LastRelease {
            id,
            unmigrated: self.config.migration.is_some() && self.unmigrated(&last)?,
            build_args,
            fingerprint: goal.fingerprint().unwrap_or_default().to_owned(),
            commit,
            found,
            images,
        }))
    }

    /// The files that are not as the release in service put them there.
    pub(crate) async fn drift(self: &Arc<Self>) -> Result<Vec<String>, Problem> {
        let Some(manifest) = self.shipped_before()? else { return Ok(Vec::new()) };
        let site = Arc::clone(self);
        let drift = crate::blocking(move || stapel_tree::drift(&site.target.path, &manifest, &site.memory)).await?;
        Ok(drift.iter().map(|d| d.path().to_owned()).collect())
    }

    /// The commit that a goal's tree came from, also where a rollback put it in service again.
    pub(crate) fn commit_of(&self, goal: &Goal) -> Result<Option<String>, Problem> {
        match goal {
            Goal::Deploy { commit, .. } => Ok(commit.clone()),
            Goal::Rollback { to, .. } => match self.journal.known(*to)?.plan.goal {
                // What a rollback leads to was deployed, or found.
                Goal::Deploy { commit, .. } => Ok(commit),
                Goal::Rollback { .. } | Goal::Restart { .. } => Ok(None),
            },
            Goal::Restart { .. } => Ok(None),
        }
    }

    /// What our last release shipped.
    pub(crate) fn shipped_before(&self) -> Result<Option<Arc<Manifest>>, Problem> {
        match self.journal.in_service()? {
            Some(last) => self.tree_of(&last.plan.goal).map(Some),
            None => Ok(None),
        }
    }

    /// What a release may remove: what came by ours, or by the checkout that the directory is.
    pub(crate) async fn removable(self: &Arc<Self>) -> Result<Option<Arc<Manifest>>, Problem> {
        if self.has_checkout() { self.checked_out().await } else { self.shipped_before() }
    }

    async fn change_to(self: &Arc<Self>, goal: &Arc<Manifest>) -> Result<Applied, Problem> {
        let (site, goal, before) = (Arc::clone(self), Arc::clone(goal), self.removable().await?);
        crate::blocking(move || {
            stapel_tree::look(&site.target.path, before.as_deref(), &goal, &site.rules(), &site.memory)
        })
        .await
    }

    /// What shipping a release changes, with everything saved that the way back needs.
    pub(crate) async fn tree_change(self: &Arc<Self>, release: u64) -> Result<Applied, Problem> {
        let goal = self.tree_of(&self.journal.plan(release)?.goal)?;
        let (site, before, root) = (Arc::clone(self), self.removable().await?, self.target.path.clone());
        // What a release that died was writing counts for nothing when the tree is looked at, so both go at once.
        let (swept, change) = tokio::join!(
            crate::blocking(move || stapel_tree::sweep(&root)),
            crate::blocking(move || {
                let (root, rules) = (&site.target.path, site.rules());
                stapel_tree::plan_apply(root, &site.store, before.as_deref(), &goal, &rules, &site.memory)
            })
        );
        swept?;
        change
    }

    /// What the configuration leaves out of a tree.
    fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        rules.exclude.extend(self.config.exclusions());
        rules
    }

    /// Observes and plans, with the words of each step.
    ///
    /// # Errors
    /// Also where compose could not carry it out.
    pub(crate) async fn plan(self: &Arc<Self>, ask: &Ask) -> Result<(Plan, Observation), Problem> {
        self.suits()?;
        self.planned(ask).await
    }

    /// The same, whether or not compose could carry it out.
    pub(crate) async fn planned(self: &Arc<Self>, ask: &Ask) -> Result<(Plan, Observation), Problem> {
        self.plan_goals(&self.goals(ask)?).await
    }

    /// The plan for the first of the goals that is not reached yet, with those after it as what comes later.
    pub(crate) async fn plan_goals(self: &Arc<Self>, goals: &[Goal]) -> Result<(Plan, Observation), Problem> {
        // From the end: where a later one is reached, those before it are behind us.
        let (mut found, passed) = (None, self.passed(goals)?);
        for (index, goal) in goals.iter().enumerate().skip(passed).rev() {
            let (mut plan, observation) = self.plan_goal(goal).await?;
            if plan.is_empty() {
                return Ok(found.unwrap_or((plan, observation)));
            }
            plan.later = goals[index + 1..].to_vec();
            found = Some((plan, observation));
        }
        found.ok_or_else(|| problem!(Usage, "agent-no-phase", phase = "1"))
    }

    async fn plan_goal(self: &Arc<Self>, goal: &Goal) -> Result<(Plan, Observation), Problem> {
        let observation = self.observe(goal).await?;
        let mut plan = plan::make(&self.config, &observation, goal, &stapel_rollouts::All)?;
        self.may(&plan)?;
        for planned in &mut plan.steps {
            let step = steps::make(self, &planned.spec)?;
            planned.does = Some(step.does());
            planned.undoes = step.undoes();
            planned.leaves = step.leaves().to_vec();
        }
        self.expect(&mut plan);
        Ok((plan, observation))
    }
}

impl Site {
    /// What a plan does must be allowed, before anything is done: leading traffic is root's.
    fn may(&self, plan: &Plan) -> Result<(), Problem> {
        let steers =
            plan.steps.iter().any(|s| matches!(&s.spec, StepSpec::Phase { rollout, .. } if rollout == "relay"));
        let docker = self.config.engine == EngineKind::Docker;
        if docker && steers && !rustix::process::geteuid().is_root() {
            return Err(problem!(Refused, "agent-needs-root"));
        }
        Ok(())
    }
}

/// Whether what a release was to reach was reached.
pub(crate) fn ended_well(release: &Release) -> bool {
    release.outcome.is_some_and(|outcome| outcome.exit_code() == 0)
}

/// What shipping would replace, as it is now.
fn digest(change: &Applied) -> String {
    plan::digest(&change.changed.iter().map(|c| (&c.path, &c.before, &c.after)).collect::<Vec<_>>())
}

/// An image and its layers seldom take more.
const IMAGE_BYTES: u64 = 500_000_000;

/// The file systems that a release writes to, with what it will write there at most: a dump is never larger than its
/// database, a file is there twice while it is replaced, and what it replaces is kept.
fn rooms(site: &Site, change: &Applied, dumps: u64, images: u64) -> Result<Vec<Room>, Problem> {
    let size = |entry: &Option<Entry>| match entry {
        Some(Entry::File { size, .. }) => *size,
        _ => 0,
    };
    let new: u64 = change.changed.iter().map(|c| size(&c.after)).sum();
    let kept: u64 = change.changed.iter().map(|c| size(&c.before)).sum();
    let room = |path: &Utf8Path| Room { path: path.to_string(), ..Room::default() };
    let mut wanted = vec![
        Room { dumps, ..room(&site.backup_dir()) },
        Room { files: new, ..room(&site.target.path) },
        Room { files: kept + RESERVE_BYTES, ..room(site.place.root()) },
    ];
    wanted.extend(site.images_at().map(|root| Room { images, ..room(root) }));
    let mut found: Vec<(u64, Room)> = Vec::new();
    for want in wanted {
        let (device, free) = file_system(Utf8Path::new(&want.path))?;
        match found.iter_mut().find(|(d, _)| *d == device) {
            Some((_, there)) => {
                there.dumps += want.dumps;
                there.files += want.files;
                there.images += want.images;
            }
            None => found.push((device, Room { free, ..want })),
        }
    }
    Ok(found.into_iter().map(|(_, room)| room).collect())
}

/// The file system that holds `path`, or would hold it, and its free bytes.
pub(crate) fn file_system(path: &Utf8Path) -> Result<(u64, u64), Problem> {
    use std::os::unix::fs::MetadataExt;
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
    let there = path.ancestors().find(|p| p.exists()).unwrap_or(Utf8Path::new("/"));
    let stat = rustix::fs::statvfs(there.as_std_path()).map_err(|e| failed(e.into()))?;
    Ok((there.metadata().map_err(failed)?.dev(), stat.f_bavail.saturating_mul(stat.f_frsize)))
}
