use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_engine::{Compose, Project};
use stapel_text::{Problem, problem};

use super::{By, Composition};
use crate::tree::{Tree, name, parent};

/// How many YAML files may belong to what compose reads.
const FILES: usize = 200;

/// All that compose needs to resolve the files, to be laid out elsewhere. It holds secrets: it is laid out readable by its
/// owner only, and removed at once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The compose files, in their order.
    pub files: Vec<String>,
    texts: BTreeMap<String, String>,
    directories: Vec<String>,
    missing: Vec<String>,
}

impl Bundle {
    /// All YAML of the project, the env files that are named in it, and the names of its directories: compose 1.x wants the
    /// build contexts to be there.
    pub(crate) fn new(tree: &Tree, files: &[String], env_files: impl Iterator<Item = String>) -> Self {
        let yaml = |f: &&str| f.ends_with(".yml") || f.ends_with(".yaml");
        let base = files.first().map_or("", |f| parent(f));
        let dotenv = if base.is_empty() { ".env".to_owned() } else { format!("{base}/.env") };
        let mut texts = BTreeMap::new();
        let named = files.iter().cloned().chain(tree.files().filter(yaml).take(FILES).map(str::to_owned));
        for file in named.chain([dotenv]) {
            texts.extend(tree.text(&file).map(|text| (file, text)));
        }
        let mut missing = Vec::new();
        for file in env_files {
            let there = tree.text(&file);
            if there.is_none() {
                missing.push(file.clone());
            }
            texts.insert(file, there.unwrap_or_default());
        }
        missing.sort();
        missing.dedup();
        Self { files: files.to_vec(), texts, directories: tree.directories().map(str::to_owned).collect(), missing }
    }

    /// Env files that are named and not here.
    pub(crate) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// What this machine's compose makes of it; `None` where there is no compose.
    ///
    /// # Errors
    /// `engine-config-invalid` with what compose says, `io-failed` where it cannot be laid out.
    pub async fn resolve(&self, by: impl Fn(String) -> By) -> Result<Option<Composition>, Problem> {
        let Some(compose) = Compose::all().await.into_iter().next() else { return Ok(None) };
        let laid = tempfile::tempdir().map_err(|e| problem!(Failed, "io-failed", path = "/tmp", error = e))?;
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = laid.path().display(), error = e);
        let root = laid.path().canonicalize().map_err(failed)?;
        let root = Utf8Path::from_path(&root).ok_or_else(|| failed(std::io::ErrorKind::InvalidData.into()))?;
        self.lay(root).map_err(failed)?;
        let printed = Project::new(root, self.files.clone()).printed(&compose).await?;
        let made = Composition::printed(&printed, root.as_str(), by(compose.version.clone()));
        let made = made.ok_or_else(|| problem!(Failed, "engine-config-unreadable", version = &compose.version))?;
        Ok(Some(Composition { missing: self.missing.clone(), ..made }))
    }

    fn lay(&self, root: &Utf8Path) -> std::io::Result<()> {
        // What comes over the line must not lead out of the directory.
        let inside = |p: &&String| !p.starts_with('/') && p.split('/').all(|part| part != "..");
        for directory in self.directories.iter().filter(inside) {
            std::fs::create_dir_all(root.join(directory))?;
        }
        for (path, text) in self.texts.iter().filter(|(path, _)| inside(path)) {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
            let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.texts.keys().map(|path| name(path)).collect();
        f.debug_struct("Bundle").field("files", &self.files).field("texts", &names).finish_non_exhaustive()
    }
}
