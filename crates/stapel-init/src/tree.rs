use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};
use walkdir::WalkDir;

/// What is never the team's own text.
const SKIPPED: &[&str] =
    &[".git", ".hg", "node_modules", "venv", ".venv", "__pycache__", ".tox", ".mypy_cache", "site-packages", "vendor"];
/// How deep a compose file, a Dockerfile or a route may lie.
const DEPTH: usize = 7;
/// In a directory with more files than this it is not the team's code that lies there.
const FILES: usize = 20_000;
/// A file that is larger was not written by hand.
const BYTES: u64 = 512 << 10;

/// The names of the files of a project; their texts are read when they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    root: Utf8PathBuf,
    files: BTreeSet<String>,
    directories: BTreeSet<String>,
    /// Directories that this user may not look into.
    pub(crate) closed: Vec<String>,
}

impl Tree {
    /// Looks at what is below `root`. Links are not followed; names that are not UTF-8 belong to nothing that we read.
    ///
    /// # Errors
    /// `init-directory` where the directory itself cannot be read.
    pub(crate) fn walk(root: &Utf8Path) -> Result<Self, Problem> {
        std::fs::read_dir(root).map_err(|e| problem!(Usage, "init-directory", path = root.as_str(), error = e))?;
        let mut tree =
            Self { root: root.to_owned(), files: BTreeSet::new(), directories: BTreeSet::new(), closed: Vec::new() };
        let walk = WalkDir::new(root).min_depth(1).max_depth(DEPTH).sort_by_file_name().into_iter();
        let wanted = |e: &walkdir::DirEntry| e.file_name().to_str().is_some_and(|n| !SKIPPED.contains(&n));
        for entry in walk.filter_entry(wanted) {
            let path = |p: &std::path::Path| Some(p.strip_prefix(root).ok()?.to_str()?.to_owned());
            match entry {
                Ok(entry) => {
                    let Some(path) = path(entry.path()) else { continue };
                    if entry.file_type().is_dir() {
                        tree.directories.insert(path);
                    } else if entry.path().is_file() {
                        tree.files.insert(path);
                    }
                }
                Err(e) => tree.closed.extend(e.path().and_then(path)),
            }
            if tree.files.len() >= FILES {
                break;
            }
        }
        Ok(tree)
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// All files, in order of their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    pub(crate) fn directories(&self) -> impl Iterator<Item = &str> {
        self.directories.iter().map(String::as_str)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    pub(crate) fn has_directory(&self, path: &str) -> bool {
        path.is_empty() || self.directories.contains(path)
    }

    /// The text of a file, with what is not UTF-8 in it replaced; `None` where it is not there, is closed, or is too large
    /// to have been written by hand.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        if !self.has(path) {
            return None;
        }
        let path = self.root.join(path);
        if std::fs::metadata(&path).ok()?.len() > BYTES {
            return None;
        }
        Some(String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned())
    }
}

/// The last part of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory of a path, empty at the top.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// `path`, seen from the directory `base`, without `.` and `..`; `None` where it leads out of the project, or is absolute.
pub(crate) fn join(base: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether `path` is `directory` or lies below it.
pub(crate) fn below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_project() {
        assert_eq!(join("deploy", "../backend/./x").as_deref(), Some("backend/x"));
        assert_eq!(join("", "./").as_deref(), Some(""));
        assert_eq!(join("deploy", "../../x"), None);
        assert_eq!(join("", "/etc/x"), None);
        assert!(below("a/b", "a") && below("a", "") && !below("ab", "a"));
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let problem = Tree::walk(Utf8Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(problem.code(), "init-directory");
        assert!(problem.to_string().contains("/nowhere/at/all"), "{problem}");
    }
}
