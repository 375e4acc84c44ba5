use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use camino::Utf8Path;
use rustix::fs::FileType;
use stapel_text::{Problem, problem};

use super::{Applied, Change};
use crate::beneath::Root;
use crate::names::{is_temporary, join, listed};
use crate::observe::{There, observe_all};
use crate::parallel::parallel;
use crate::rules::Matcher;
use crate::{Entry, Manifest, Memory, Rules};

/// What would change if `goal` were made true below `root`, without touching anything. `before` is what our last release
/// shipped: only what it had is ever removed. What `rules` leave out is not called foreign. Files that are as `memory` knows
/// them are not read.
///
/// # Errors
/// `io-failed`, those of [`Manifest::check`], and refused with their names: `tree-way-blocked` (a link of someone else's
/// where a directory must be), `tree-in-the-way` (something that is not ours and cannot be replaced).
pub fn look(
    root: &Utf8Path,
    before: Option<&Manifest>,
    goal: &Manifest,
    rules: &Rules,
    memory: &Memory,
) -> Result<Applied, Problem> {
    let nothing = Manifest::default();
    let before = before.unwrap_or(&nothing);
    goal.check()?;
    // Most commands ask whether all is as it was left.
    let same = std::ptr::eq(before, goal);
    if !same {
        before.check()?;
    }
    let Some(root) = Root::open_if_there(root)? else {
        let mut changed: Vec<_> = goal.directories().into_iter().map(|d| make(d, Entry::Directory)).collect();
        let files = goal.entries.iter().filter(|(_, e)| !e.is_directory());
        changed.extend(files.map(|(path, entry)| make(path.clone(), entry.clone())));
        return Ok(Applied { format: Applied::FORMAT, root_made: true, changed, foreign: Vec::new() });
    };
    let directories = goal.directories();
    let (others, old_directories) = match same {
        true => (None, BTreeSet::new()),
        false => (Some(before.entries.keys()), before.directories()),
    };
    let manifests = goal.entries.keys().chain(others.into_iter().flatten());
    let mut paths: Vec<&str> = manifests.chain(&directories).chain(&old_directories).map(String::as_str).collect();
    // The stable one makes use of what is sorted already.
    paths.sort();
    paths.dedup();
    let there = observe_all(&root, &paths, memory)?;
    memory.keep();
    if same && is_as_left(goal, &paths, &there) {
        let known = |path: &str| goal.entries.contains_key(path) || directories.contains(path);
        let foreign = foreign(&root, rules, directories.iter().map(String::as_str), &known)?;
        return Ok(Applied { format: Applied::FORMAT, root_made: false, changed: Vec::new(), foreign });
    }
    let there = paths.iter().copied().zip(there).collect();
    let (directories, old_directories) = (&directories, if same { &directories } else { &old_directories });
    let (changed, removed) = (Vec::new(), BTreeSet::new());
    let mut look = Look { root: &root, before, goal, directories, old_directories, there, changed, removed };
    look.clear_for_directories()?;
    look.clear_for_files()?;
    look.make_directories();
    look.write()?;
    look.remove(&rules.matcher()?);
    look.remove_directories()?;
    let foreign = look.foreign(rules)?;
    Ok(Applied { format: Applied::FORMAT, root_made: false, changed: look.changed, foreign })
}

/// Whether a manifest is true of what is there at its paths and their directories.
fn is_as_left(manifest: &Manifest, paths: &[&str], there: &[There]) -> bool {
    let mut entries = manifest.entries.iter().peekable();
    paths.iter().zip(there).all(|(path, there)| match entries.next_if(|(known, _)| known.as_str() == *path) {
        Some((_, entry)) => there.entry() == Some(entry),
        None => there.entry().is_some_and(Entry::is_directory),
    })
}

/// What lies in the root and in these directories that is neither known nor left out by the rules.
fn foreign<'a>(
    root: &Root,
    rules: &Rules,
    directories: impl Iterator<Item = &'a str>,
    known: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<String>, Problem> {
    let matcher = rules.matcher()?;
    let directories: Vec<&str> = [""].into_iter().chain(directories).collect();
    let found = parallel(&directories, |directory| {
        let mut found = Vec::new();
        for (name, kind) in root.list(directory)? {
            let path = join(directory, &name);
            let is_directory = kind == FileType::Directory;
            if !known(&path) && !matcher.excludes(Path::new(&path), is_directory) {
                found.push(if is_directory { path + "/" } else { path });
            }
        }
        Ok(found)
    });
    Ok(found.into_iter().collect::<Result<Vec<_>, Problem>>()?.concat())
}

fn make(path: String, after: Entry) -> Change {
    Change { path, before: None, after: Some(after), was: None }
}

struct Look<'a> {
    root: &'a Root,
    before: &'a Manifest,
    goal: &'a Manifest,
    directories: &'a BTreeSet<String>,
    old_directories: &'a BTreeSet<String>,
    there: HashMap<&'a str, There>,
    changed: Vec<Change>,
    removed: BTreeSet<String>,
}

impl Look<'_> {
    fn there(&self, path: &str) -> &There {
        self.there.get(path).unwrap_or(&There::Nothing)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.there(path).entry().is_some_and(Entry::is_directory)
    }

    fn push(&mut self, path: &str, after: Option<Entry>) {
        let (before, was) = match self.there(path) {
            There::Entry(entry, was) if !self.removed.contains(path) => (Some(entry.clone()), Some(*was)),
            _ => (None, None),
        };
        if after.is_none() {
            self.removed.insert(path.to_owned());
        }
        self.changed.push(Change { path: path.to_owned(), before, after, was });
    }

    fn in_the_way(&self, names: &[String]) -> Problem {
        problem!(Refused, "tree-in-the-way", names = listed(names))
    }

    /// Files and links of ours where the goal has directories.
    fn clear_for_directories(&mut self) -> Result<(), Problem> {
        for path in self.directories {
            match self.there(path) {
                There::Nothing | There::Entry(Entry::Directory, _) => {}
                // A link that we did not put there stands for something: the team has moved the directory.
                There::Entry(Entry::Symlink { .. }, _) if !self.before.entries.contains_key(path) => {
                    return Err(problem!(Refused, "tree-way-blocked", path = self.root.shown(path).as_str()));
                }
                There::Entry(..) => self.push(path, None),
                There::Special => return Err(self.in_the_way(std::slice::from_ref(path))),
            }
        }
        Ok(())
    }

    /// Directories of ours where the goal has files or links, with all that is in them.
    fn clear_for_files(&mut self) -> Result<(), Problem> {
        for (path, entry) in &self.goal.entries {
            if entry.is_directory() || !self.is_directory(path) {
                continue;
            }
            let below = format!("{path}/");
            let inside = |p: &&String| p.starts_with(&below);
            let files: Vec<String> = self.before.entries.keys().filter(inside).cloned().collect();
            for file in files {
                self.remove_file(&file);
            }
            let inner: Vec<String> = self.old_directories.iter().rev().filter(inside).cloned().collect();
            for directory in inner.iter().chain(self.old_directories.get(path).cloned().iter()) {
                if self.is_directory(directory) && self.left_in(directory)?.is_empty() {
                    self.push(directory, None);
                }
            }
            if !self.removed.contains(path) {
                let left = self.left_in(path)?;
                return Err(self.in_the_way(if left.is_empty() { std::slice::from_ref(path) } else { &left }));
            }
        }
        Ok(())
    }

    fn make_directories(&mut self) {
        for path in self.directories {
            if !self.is_directory(path) {
                self.push(path, Some(Entry::Directory));
            }
        }
    }

    fn write(&mut self) -> Result<(), Problem> {
        for (path, entry) in &self.goal.entries {
            if entry.is_directory() || self.there(path).entry() == Some(entry) {
                continue;
            }
            if *self.there(path) == There::Special {
                return Err(self.in_the_way(std::slice::from_ref(path)));
            }
            self.push(path, Some(entry.clone()));
        }
        Ok(())
    }

    /// What the last release had and the goal has not.
    /// What the rules leave out now is no longer ours to judge: it stays.
    fn remove(&mut self, rules: &Matcher) {
        for path in self.before.entries.keys() {
            if !self.goal.entries.contains_key(path) && !self.directories.contains(path) && !rules.leaves_out(path) {
                self.remove_file(path);
            }
        }
    }

    fn remove_file(&mut self, path: &str) {
        let file = self.there(path).entry().is_some_and(|e| !e.is_directory());
        if file && !self.removed.contains(path) {
            self.push(path, None);
        }
    }

    /// Directories of the last release in which nothing is left.
    fn remove_directories(&mut self) -> Result<(), Problem> {
        for path in self.old_directories.iter().rev() {
            let ours = !self.directories.contains(path) && !self.removed.contains(path) && self.is_directory(path);
            if ours && self.left_in(path)?.is_empty() {
                self.push(path, None);
            }
        }
        Ok(())
    }

    /// What stays in a directory once all that was pushed is done. What a release that died was writing is swept before that.
    fn left_in(&self, directory: &str) -> Result<Vec<String>, Problem> {
        let children = self.root.list(directory)?.into_iter().filter(|(name, _)| !is_temporary(name));
        let children = children.map(|(name, _)| join(directory, &name));
        Ok(children.filter(|path| !self.removed.contains(path)).collect())
    }

    fn foreign(&self, rules: &Rules) -> Result<Vec<String>, Problem> {
        let ours = |d: &&String| self.is_directory(d);
        let directories: BTreeSet<&String> = self.directories.union(self.old_directories).filter(ours).collect();
        let known = |path: &str| {
            self.goal.entries.contains_key(path)
                || self.directories.contains(path)
                || self.removed.contains(path)
                || (self.old_directories.contains(path) && self.is_directory(path))
        };
        foreign(self.root, rules, directories.into_iter().map(String::as_str), &known)
    }
}
