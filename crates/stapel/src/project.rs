//! The project on the operator's machine: its `stapel.toml`, its tree, its commit.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use stapel_agent::prepare::Wanted;
use stapel_core::config::{Become, Check, Config, Environment, Ignore, Secrets, Way, build_arg};
use stapel_git::{Repository, Snapshot};
use stapel_text::{Problem, problem};
use stapel_tree::{Entry, Hash, Manifest, Memory, Rules, pattern_of};
use stapel_wire::Account;

use crate::args::Place;
use crate::render::Screen;

/// The name of the configuration file.
pub(crate) const FILE: &str = "stapel.toml";

/// Permission bits of a shipped file that holds secrets.
const SECRET_MODE: u32 = 0o600;

/// A project and the target that was chosen.
pub(crate) struct Project {
    pub(crate) config: Config,
    /// What its secret values stand for, on their way to the host only.
    pub(crate) secrets: Secrets,
    pub(crate) target: String,
    root: Utf8PathBuf,
}

/// A tree that is to be released.
pub(crate) struct Tree {
    pub(crate) manifest: Manifest,
    /// Where it comes from, if from a repository.
    pub(crate) repository: Option<Repository>,
    /// What of it is not as the commit has it.
    pub(crate) uncommitted: Vec<String>,
    /// Where it lies, if not in the project's own directory.
    snapshot: Option<Snapshot>,
    /// What of it git is told to ignore, but for files with secrets.
    pub(crate) ignored: Vec<String>,
}

impl Tree {
    /// The first line of that commit's message.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.repository.as_ref().and_then(|repository| repository.subject())
    }

    /// Where it lies.
    pub(crate) fn base(&self, project: &Project) -> Utf8PathBuf {
        self.snapshot.as_ref().map_or_else(|| project.root().to_owned(), Snapshot::tree)
    }

    /// The commit it comes from.
    pub(crate) fn commit(&self) -> Option<String> {
        self.repository.as_ref().and_then(|repository| repository.commit(&self.uncommitted))
    }
}

impl Project {
    /// Reads the configuration: the file that was named, else the `stapel.toml` of this directory or the nearest above.
    pub(crate) fn open(place: &Place, screen: &Screen) -> Result<Self, Problem> {
        Self::read(place, screen, true)
    }

    /// The same for who only looks, and needs no secrets.
    pub(crate) fn look(place: &Place, screen: &Screen) -> Result<Self, Problem> {
        Self::read(place, screen, false)
    }

    fn read(place: &Place, screen: &Screen, whole: bool) -> Result<Self, Problem> {
        let file = match &place.config {
            Some(file) => file.clone(),
            None => find()?,
        };
        let failed = |e: std::io::Error| problem!(Usage, "io-failed", path = file.as_str(), error = e);
        let source = std::fs::read_to_string(&file).map_err(failed)?;
        let variables = |name: &str| std::env::var(name).ok();
        let environment = Environment { variables: &variables, whole };
        let parsed = Config::parse_with(file.as_str(), &source, &environment);
        let (mut config, secrets) = parsed.map_err(|findings| {
            screen.findings(&findings);
            findings.problem()
        })?;
        for notify in &mut config.notify {
            notify.lang.get_or_insert(screen.lang());
        }
        let dir = match file.parent() {
            Some(dir) if !dir.as_str().is_empty() => dir,
            _ => Utf8Path::new("."),
        };
        let root = dir.join(&config.source.path).canonicalize_utf8().map_err(failed)?;
        let target = choose(&config, place.target.as_deref())?;
        Ok(Self { config, secrets, target, root })
    }

    /// Builds do not use the layer cache, whatever the configuration says.
    pub(crate) fn without_cache(&mut self) {
        self.config.services.values_mut().for_each(|service| service.no_cache = true);
    }

    /// Build arguments for this release only, from the command line: of every service that is built.
    pub(crate) fn build_with(&mut self, words: &[String]) -> Result<(), Problem> {
        for word in words {
            let (name, value) = build_arg(word).ok_or_else(|| problem!(Usage, "cli-build-arg", found = word))?;
            for service in self.config.services.values_mut() {
                service.build_args.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// Checks for this release only, from the command line: what requests answer, and what a person does.
    pub(crate) fn also_check(&mut self, words: &[String], questions: &[String]) -> Result<(), Problem> {
        for question in questions {
            if question.trim().is_empty() {
                return Err(problem!(Usage, "cli-ask-empty"));
            }
            self.also(Check::question(question))?;
        }
        for word in words {
            let check = Check::one_off(word).ok_or_else(|| problem!(Usage, "cli-check", found = word))?;
            let services = &self.config.services;
            let known = || services.keys().cloned().collect::<Vec<_>>().join(", ");
            match &check.service {
                Some(name) if !services.contains_key(name) => {
                    return Err(problem!(Usage, "agent-no-service", name = name, known = known()));
                }
                None if services.len() > 1 && matches!(check.way, Way::Path(_)) => {
                    return Err(problem!(Usage, "cli-check-service", found = word, known = known()));
                }
                _ => self.also(check)?,
            }
        }
        Ok(())
    }

    /// One more check. Of several phases it is the last one's: it has to hold at the end of all.
    fn also(&mut self, check: Check) -> Result<(), Problem> {
        if self.config.checks.iter().any(|other| other.name == check.name) {
            return Err(problem!(Usage, "cli-check-twice", name = check.name));
        }
        if let Some(gate) = self.config.phases.last_mut().and_then(|phase| phase.gate.as_mut()) {
            gate.push(check.name.clone());
        }
        self.config.checks.push(check);
        Ok(())
    }

    /// In quiet hours as well, if that is asked for: the host is not told of them either, for the phases that come later.
    pub(crate) fn also_in_quiet_hours(&mut self, asked: bool) {
        if asked {
            self.config.quiet = None;
        }
    }

    /// No release begins in quiet hours.
    pub(crate) fn may_begin(&self) -> Result<(), Problem> {
        self.config.quiet.as_ref().and_then(|quiet| quiet.refuses(Timestamp::now())).map_or(Ok(()), Err)
    }

    /// The host of the target.
    pub(crate) fn host(&self) -> &str {
        &self.config.targets[&self.target].host
    }

    /// As whom the agent runs there.
    pub(crate) fn account(&self) -> Account {
        match self.config.targets[&self.target].become_root {
            None => Account::Own,
            Some(Become::Sudo) => Account::Sudo,
        }
    }

    /// What the app needs of its host.
    pub(crate) fn wanted(&self) -> Result<Wanted, Problem> {
        Wanted::read(&self.config, &self.target, &self.root)
    }

    /// The directory that is shipped.
    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Where an entry of a manifest lies that was made of the tree in this directory.
    pub(crate) fn path(&self, base: &Utf8Path, entry: &str) -> Utf8PathBuf {
        if self.is_secret(entry) { self.root.join(entry) } else { base.join(entry) }
    }

    /// Whether a file of this path holds secrets.
    pub(crate) fn is_secret(&self, entry: &str) -> bool {
        self.config.source.env.iter().any(|e| e == entry)
    }

    fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        rules.exclude.push(format!("/{FILE}"));
        rules.exclude.extend(self.config.exclusions());
        rules
    }

    /// What is to be shipped, and what git knows of it.
    pub(crate) async fn tree(&self) -> Result<Tree, Problem> {
        let (manifest, repository) = tokio::try_join!(self.manifest(), Repository::of(&self.root))?;
        let Some(repository) = repository else {
            let (uncommitted, ignored) = (Vec::new(), Vec::new());
            return Ok(Tree { manifest, repository, uncommitted, ignored, snapshot: None });
        };
        // After the tree was read: what was edited until then is seen.
        let status = repository.status().await?;
        let mut uncommitted = status.uncommitted(&manifest, &self.rules())?;
        // Files with secrets are not to be committed.
        uncommitted.retain(|path| !self.is_secret(path));
        let ignored: BTreeSet<&str> = status.ignored().collect();
        let ignored = match ignored.is_empty() {
            true => Vec::new(),
            false => {
                let paths = manifest.entries.keys();
                paths.filter(|path| is_among(path, &ignored) && !self.is_secret(path)).cloned().collect()
            }
        };
        Ok(Tree { manifest, repository: Some(repository), uncommitted, ignored, snapshot: None })
    }

    /// Has the files left out that the configuration's `ignore` speaks of. They are named in the configuration that goes along,
    /// so that on the host, too, they are neither replaced nor removed. What the team excludes or takes back comes after them.
    pub(crate) async fn leave_out_ignored(&mut self) -> Result<(), Problem> {
        let mut patterns = Vec::new();
        for ignore in &self.config.source.ignore {
            patterns.extend(match ignore {
                Ignore::Git => {
                    let repository = Repository::of(&self.root).await?;
                    let none = || problem!(Refused, "cli-ignore-no-git", path = self.root.as_str());
                    let status = repository.ok_or_else(none)?.status().await?;
                    status.ignored().map(pattern_of).collect::<Vec<_>>()
                }
                Ignore::Docker => {
                    let (root, rules, config) = (self.root.clone(), self.rules(), &self.config);
                    let always = [config.compose.files.clone(), config.source.env.clone()].concat();
                    let done = stapel_host::blocking(move || stapel_tree::docker_ignored(&root, &rules, &always)).await;
                    done.map_err(|e| problem!(Failed, "agent-task", error = e.to_string()))??
                }
            });
        }
        self.config.source.exclude.splice(0..0, patterns);
        Ok(())
    }

    /// What a commit of the repository here holds, with the files with secrets that are here.
    pub(crate) async fn tree_at(&self, reference: &str) -> Result<Tree, Problem> {
        let repository = Repository::of(&self.root).await?;
        let repository = repository.ok_or_else(|| problem!(Usage, "cli-no-repository", reference = reference))?;
        let repository = repository.at(reference).await?;
        let snapshot = repository.lay_out().await?;
        let mut manifest = snapshot.manifest(&self.rules())?;
        manifest.entries.extend(self.env()?.entries);
        Ok(Tree {
            manifest,
            repository: Some(repository),
            uncommitted: Vec::new(),
            ignored: Vec::new(),
            snapshot: Some(snapshot),
        })
    }

    /// What is to be shipped.
    async fn manifest(&self) -> Result<Manifest, Problem> {
        let (root, rules) = (self.root.clone(), self.rules());
        let done = stapel_host::blocking(move || stapel_tree::scan(&root, &rules, &memory(&root))).await;
        let mut manifest = done.map_err(|e| problem!(Failed, "agent-task", error = e.to_string()))??;
        manifest.entries.extend(self.env()?.entries);
        Ok(manifest)
    }

    /// The files with secrets that are shipped.
    pub(crate) fn env(&self) -> Result<Manifest, Problem> {
        let mut manifest = Manifest::default();
        for name in &self.config.source.env {
            let path = self.root.join(name);
            let content =
                std::fs::read(&path).map_err(|e| problem!(Usage, "cli-env-file", path = path.as_str(), error = e))?;
            let entry = Entry::File { hash: Hash::of(&content), size: content.len() as u64, mode: SECRET_MODE };
            manifest.entries.insert(name.clone(), entry);
        }
        Ok(manifest)
    }
}

/// Whether this path is one of them, or lies in a directory that is; those end with `/`, the tree itself is empty.
fn is_among(path: &str, all: &BTreeSet<&str>) -> bool {
    let mut above = path.match_indices('/').map(|(at, _)| &path[..=at]);
    all.contains(path) || all.contains("") || above.any(|directory| all.contains(directory))
}

/// After this time nobody releases from a directory any more, or it is as well read once more.
const FORGOTTEN: Duration = Duration::from_hours(24 * 30);

/// What the files below `root` held when they were read last, in this person's cache. Where there is no place for it they are
/// read each time.
fn memory(root: &Utf8Path) -> Memory {
    let dir = |name: &str| std::env::var(name).ok().map(Utf8PathBuf::from).filter(|dir| dir.is_absolute());
    let Some(cache) = dir("XDG_CACHE_HOME").or_else(|| dir("HOME").map(|home| home.join(".cache"))) else {
        return Memory::none();
    };
    let cache = cache.join("stapel/memory");
    for other in cache.read_dir_utf8().into_iter().flatten().flatten() {
        let written = other.metadata().and_then(|about| about.modified());
        if written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > FORGOTTEN)) {
            // Another process may have been quicker.
            let _ = std::fs::remove_file(other.path());
        }
    }
    Memory::at(cache.join(&Hash::of(root.as_str().as_bytes()).to_string()[..16]))
}

fn find() -> Result<Utf8PathBuf, Problem> {
    let here = std::env::current_dir().map_err(|e| problem!(Usage, "io-failed", path = ".", error = e))?;
    let here =
        Utf8PathBuf::try_from(here).map_err(|e| problem!(Usage, "cli-not-utf8", path = e.as_path().display()))?;
    let found = here.ancestors().map(|dir| dir.join(FILE)).find(|file| file.exists());
    found.ok_or_else(|| problem!(Usage, "cli-no-config", file = FILE, dir = here.as_str()))
}

fn choose(config: &Config, asked: Option<&str>) -> Result<String, Problem> {
    let known = || config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
    match asked {
        Some(name) if config.targets.contains_key(name) => Ok(name.to_owned()),
        Some(name) => Err(problem!(Usage, "agent-no-target", name = name, known = known())),
        None if config.targets.len() == 1 => Ok(config.targets.keys().next().cloned().unwrap_or_default()),
        None => Err(problem!(Usage, "cli-which-target", known = known())),
    }
}
