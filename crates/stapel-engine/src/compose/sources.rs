//! All that compose reads to resolve an app's definition, as one hash. What it makes of the same is the same.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::find::Compose;
use super::project::Project;
use super::raw;
use super::remembered::Program;

/// What compose asks of its environment by itself; all else only where a file names it.
const OWN: [&str; 2] = ["COMPOSE_", "DOCKER_"];
/// Further files of variables, wherever they are.
const ENV_FILES: &str = "COMPOSE_ENV_FILES";
/// What `~` stands for.
const HOME: &str = "HOME";

impl Project {
    /// The hash of everything that decides what compose makes of this project: files, variables, the programs. `None` where
    /// that cannot be told, as with files from elsewhere and names with variables in them.
    pub(super) fn sources(&self, compose: &Compose) -> Option<String> {
        if std::env::var_os(ENV_FILES).is_some() {
            return None;
        }
        let mut sources = Sources::default();
        sources.add(&std::env::current_exe().ok().and_then(Program::seen));
        sources.add(&(compose.command(), &compose.version));
        sources.add(&(&self.directory, self.directory.canonicalize_utf8().ok()));
        sources.add(&(&self.files, &self.name, &self.env_file));
        for dir in [&self.directory, &self.base()] {
            sources.file(dir.join(".env"))?;
        }
        if let Some(file) = &self.env_file {
            sources.file(self.directory.join(file))?;
        }
        for file in &self.files {
            sources.definition(self.directory.join(file), &self.base())?;
        }
        Some(sources.finish())
    }
}

#[derive(Default)]
struct Sources {
    hasher: blake3::Hasher,
    seen: BTreeSet<Utf8PathBuf>,
    /// The variables that the files name.
    variables: BTreeSet<String>,
}

impl Sources {
    /// JSON, so that no two values run into each other.
    fn add(&mut self, value: &impl serde::Serialize) {
        self.hasher.update(&serde_json::to_vec(value).unwrap_or_default()).update(b"\0");
    }

    /// A file that may be there or not, and its text.
    fn file(&mut self, path: Utf8PathBuf) -> Option<Option<String>> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        self.add(&(&path, text.as_ref().map(|text| blake3::hash(text.as_bytes()).to_hex().to_string())));
        self.variables.extend(text.iter().flat_map(|text| named(text)).map(str::to_owned));
        self.seen.insert(path);
        Some(text)
    }

    /// A compose file with all that it takes in. `base` is where relative paths in it begin.
    fn definition(&mut self, path: Utf8PathBuf, base: &Utf8Path) -> Option<()> {
        if self.seen.contains(&path) {
            return Some(());
        }
        let own = path.parent()?.to_owned();
        let text = self.file(path)??;
        let written: raw::Written = raw::read(&text)?;
        for include in written.include.into_iter().flatten() {
            let raw::Include::Path(included) = include else { return None };
            let included = base.join(plain(&included)?);
            let dir = included.parent()?.to_owned();
            self.file(dir.join(".env"))?;
            self.definition(included, &dir)?;
        }
        for service in written.services.values() {
            if service.label_file.is_some() {
                return None;
            }
            for file in service.env_files(base) {
                self.file(plain(file.as_str())?.into())?;
            }
            let Some(raw::Extends::Other { file: Some(file), .. }) = &service.extends else { continue };
            // The two composes begin such a path in different directories.
            let both = BTreeSet::from([base.join(plain(file)?), own.join(file)]);
            let there: Vec<_> = both.into_iter().filter(|file| file.exists()).collect();
            if there.is_empty() {
                return None;
            }
            for file in there {
                let dir = file.parent()?.to_owned();
                self.definition(file, &dir)?;
            }
        }
        Some(())
    }

    fn finish(mut self) -> String {
        let own = |name: &OsString| OWN.iter().any(|own| name.as_bytes().starts_with(own.as_bytes()));
        let mut all: BTreeSet<OsString> = std::env::vars_os().map(|(name, _)| name).filter(own).collect();
        all.extend(std::mem::take(&mut self.variables).into_iter().map(OsString::from));
        all.insert(HOME.into());
        for name in all {
            let value = std::env::var_os(&name);
            self.add(&(name.as_bytes(), value.as_ref().map(|value| value.as_bytes())));
        }
        self.hasher.finalize().to_hex().to_string()
    }
}

/// A path on this machine that is written out.
fn plain(path: &str) -> Option<&str> {
    (!path.contains(['$', ':', '~'])).then_some(path)
}

/// The names behind dollar signs. Some are none (`$$`): too many do no harm.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        Some(&rest[..end]).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
