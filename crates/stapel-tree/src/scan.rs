use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use camino::Utf8Path;
use ignore::WalkBuilder;
use stapel_text::{Problem, problem};

use crate::beneath::Root;
use crate::memory::Stamp;
use crate::names::{ancestors, listed, split, target_leaves};
use crate::parallel::by_directory;
use crate::{Entry, Manifest, Memory, Rules, io};

/// What a walk came upon, before any content is read.
#[derive(Default)]
struct Found {
    files: Vec<(String, Metadata)>,
    others: BTreeMap<String, Entry>,
    not_utf8: Vec<String>,
    special: Vec<String>,
    leading_out: Vec<String>,
}

/// The manifest of the directory `root`, but for what `rules` leave out. Files are read by as many threads as there are
/// processors, and those that are as `memory` knows them are not.
///
/// # Errors
/// `io-failed`, `tree-pattern-bad`; and refused with their names: `tree-name-not-utf8`, `tree-special-file`,
/// `tree-symlink-out`, `tree-case-clash`.
pub fn scan(root: &Utf8Path, rules: &Rules, memory: &Memory) -> Result<Manifest, Problem> {
    let found = walk(root, rules)?;
    found.refuse()?;
    let beneath = Root::open(root)?;
    let mut entries = found.others;
    let mut unknown = Vec::new();
    for (path, about) in found.files {
        let mode = about.permissions().mode() & 0o777;
        match memory.recall(&path, Stamp::of(&about)) {
            Some(hash) => drop(entries.insert(path, Entry::File { hash, size: about.len(), mode })),
            None => unknown.push((path, mode)),
        }
    }
    let read = by_directory(
        &unknown,
        |(path, _)| path,
        |together| {
            let Some((first, _)) = together.first() else { return Ok(Vec::new()) };
            let parent = beneath.parent_to_write(first)?;
            let read = |(path, mode): &(String, u32)| {
                let mut file = beneath.open_in(&parent, path)?;
                let (hash, size) = memory.learn(path, &mut file).map_err(|e| beneath.io(path, e))?;
                Ok((path.clone(), Entry::File { hash, size, mode: *mode }))
            };
            together.iter().map(read).collect()
        },
    )?;
    memory.keep();
    entries.extend(read);
    Ok(Manifest { entries, ..Manifest::default() })
}

fn walk(root: &Utf8Path, rules: &Rules) -> Result<Found, Problem> {
    let real_root = std::fs::canonicalize(root).map_err(|e| io(root, e))?;
    let matcher = rules.matcher()?;
    let base = root.as_std_path().to_owned();
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false).follow_links(false).filter_entry(move |entry| {
        let relative = entry.path().strip_prefix(&base).unwrap_or(entry.path());
        entry.depth() == 0 || !matcher.excludes(relative, entry.file_type().is_some_and(|t| t.is_dir()))
    });
    let mut found = Found::default();
    let mut directories = BTreeSet::new();
    for entry in walker.build() {
        let entry = entry.map_err(|e| io(root, std::io::Error::other(e)))?;
        if entry.depth() == 0 {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let Some(path) = relative.to_str() else {
            found.not_utf8.push(relative.display().to_string());
            continue;
        };
        let metadata = entry.metadata().map_err(|e| io(path, std::io::Error::other(e)))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            directories.insert(path.to_owned());
        } else if kind.is_file() {
            found.files.push((path.to_owned(), metadata));
        } else if kind.is_symlink() {
            found.link(&real_root, entry.path(), path)?;
        } else {
            found.special.push(path.to_owned());
        }
    }
    let paths = found.files.iter().map(|(p, _)| p).chain(found.others.keys()).chain(&directories);
    let filled: BTreeSet<String> = paths.map(|p| split(p).0.to_owned()).collect();
    let empty = directories.difference(&filled).map(|d| (d.clone(), Entry::Directory)).collect::<Vec<_>>();
    found.others.extend(empty);
    Ok(found)
}

impl Found {
    /// Takes a link whose target stays in the tree, both by its words and in fact: by its words it may stay while a
    /// link on its way leads out.
    fn link(&mut self, real_root: &Path, full: &Path, path: &str) -> Result<(), Problem> {
        let target = std::fs::read_link(full).map_err(|e| io(full.display(), e))?;
        let Some(target) = target.to_str() else {
            self.not_utf8.push(format!("{path} -> {}", target.display()));
            return Ok(());
        };
        let leaves = std::fs::canonicalize(full).is_ok_and(|real| !real.starts_with(real_root));
        if target_leaves(path, target) || leaves {
            self.leading_out.push(format!("{path} -> {target}"));
        } else {
            self.others.insert(path.to_owned(), Entry::Symlink { target: target.to_owned() });
        }
        Ok(())
    }

    fn refuse(&self) -> Result<(), Problem> {
        if !self.not_utf8.is_empty() {
            return Err(problem!(Refused, "tree-name-not-utf8", names = listed(&self.not_utf8)));
        }
        if !self.special.is_empty() {
            return Err(problem!(Refused, "tree-special-file", names = listed(&self.special)));
        }
        if !self.leading_out.is_empty() {
            return Err(problem!(Refused, "tree-symlink-out", names = listed(&self.leading_out)));
        }
        let paths = self.files.iter().map(|(p, _)| p.as_str()).chain(self.others.keys().map(String::as_str));
        let clashes = case_clashes(paths);
        if !clashes.is_empty() {
            return Err(problem!(Refused, "tree-case-clash", names = listed(&clashes)));
        }
        Ok(())
    }
}

/// Pairs of paths, directories too, that are one path where case does not count.
fn case_clashes<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let all: BTreeSet<&str> = paths.flat_map(|p| ancestors(p).chain([p])).collect();
    let mut seen = BTreeMap::new();
    let mut clashes = Vec::new();
    for path in all {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            clashes.push(format!("{other} = {path}"));
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_clash_like_files() {
        assert_eq!(case_clashes(["A/x", "a/y"].into_iter()), ["A = a"]);
        assert_eq!(case_clashes(["readme", "README"].into_iter()), ["README = readme"]);
        assert!(case_clashes(["a/b", "a/c", "ab"].into_iter()).is_empty());
    }
}
