use std::collections::BTreeMap;

use camino::Utf8Path;
use stapel_engine::{Compose, Project as ComposeProject};
use stapel_text::{Problem, problem};

use crate::compose::{Bundle, By, Chosen, Composition, Written, choose};
use crate::facts::Facts;
use crate::read::{Dotenv, Script, is_script};
use crate::survey::Survey;
use crate::tree::Tree;

/// What is asked for on the command line.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The target's name.
    pub target: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The app's directory there.
    pub path: Option<String>,
    /// Whether root is had by `sudo` there, where that was tried.
    pub by_sudo: Option<bool>,
}

/// A project whose compose files are chosen, and are still to be resolved: by [`Project::resolve`] here, by
/// [`Project::bundle`] elsewhere, or [`Project::as_written`] by nobody.
#[derive(Debug)]
pub struct Project {
    pub(crate) tree: Tree,
    pub(crate) chosen: Chosen,
    pub(crate) written: Written,
    pub(crate) scripts: Vec<Script>,
    pub(crate) dotenv: Vec<Dotenv>,
    pub(crate) survey: Option<Survey>,
    pub(crate) asked: Asked,
}

impl Project {
    /// Reads the project in this directory, seen together with what runs on the host where that was looked at.
    ///
    /// # Errors
    /// `init-directory`, `init-nothing-here`; `init-yaml`, `init-not-utf8` and `init-file` for a compose file.
    pub fn read(root: &Utf8Path, asked: Asked, survey: Option<Survey>) -> Result<Self, Problem> {
        let tree = Tree::walk(root)?;
        let read = |path: &str| Some(Dotenv::read(path, &tree.text(path)?));
        let near = |f: &&str| f.matches('/').count() <= 2;
        // An example for people counts where there is nothing else.
        let (examples, real): (Vec<&str>, Vec<&str>) =
            tree.files().filter(near).filter(|f| Dotenv::is_one(f)).partition(|f| Dotenv::is_example(f));
        let dotenv: Vec<_> = real.into_iter().chain(examples).filter_map(read).collect();
        let mut given = BTreeMap::new();
        for (name, value) in dotenv.iter().flat_map(Dotenv::all_known) {
            given.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let scripts = tree.files().filter(|f| is_script(f));
        let scripts = scripts.filter_map(|f| Some(Script::read(f, &tree.text(f)?, &given))).collect::<Vec<_>>();
        let chosen = choose(&tree, &scripts, &dotenv, survey.as_ref().map(|s| (s, asked.path.as_deref())))?;
        let written = Written::read(&tree, &chosen.files)?;
        Ok(Self { tree, chosen, written, scripts, dotenv, survey, asked })
    }

    /// What compose on this machine makes of the files; `None` where there is none here. Env files that are not here are
    /// taken for empty.
    ///
    /// # Errors
    /// `engine-config-invalid` with what compose says, `engine-config-unreadable`.
    pub async fn resolve(&self) -> Result<Option<Composition>, Problem> {
        let Some(compose) = Compose::all().await.into_iter().next() else { return Ok(None) };
        let bundle = self.bundle();
        if !bundle.missing().is_empty() {
            return bundle.resolve(By::Compose).await;
        }
        let root = self.tree.root();
        let printed = ComposeProject::new(root, self.chosen.files.clone()).printed(&compose).await?;
        let made = Composition::printed(&printed, root.as_str(), By::Compose(compose.version.clone()));
        made.map(Some).ok_or_else(|| problem!(Failed, "engine-config-unreadable", version = &compose.version))
    }

    /// All that compose elsewhere needs.
    #[must_use]
    pub fn bundle(&self) -> Bundle {
        Bundle::new(&self.tree, &self.chosen.files, self.written.env_files.values().flatten().cloned())
    }

    /// What each file says by itself.
    ///
    /// # Errors
    /// `init-yaml`, `init-not-utf8`, `init-file`.
    pub fn as_written(&self) -> Result<Composition, Problem> {
        Composition::written(&self.tree, &self.chosen.files)
    }

    /// All that is known, with what compose makes of the files.
    #[must_use]
    pub fn facts(self, compose: Composition) -> Facts {
        Facts::gather(self, compose)
    }
}
