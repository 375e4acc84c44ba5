//! What lies below a directory, before any content is read.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use camino::Utf8Path;
use rustix::fs::{self, FileType};
use rustix::io::Errno;
use stapel_text::{Problem, problem};

use crate::beneath::{Root, stat};
use crate::memory::Stamp;
use crate::names::{join, listed, target_leaves};
use crate::observe::wide;
use crate::parallel::parallel;
use crate::rules::Matcher;
use crate::{Entry, Rules, io};

/// What a walk came upon.
#[derive(Default)]
pub(crate) struct Found {
    /// Files in the order of their paths, with the permission bits of each.
    pub(crate) files: Vec<(String, Stamp, u32)>,
    /// Links, and directories that hold nothing.
    pub(crate) others: BTreeMap<String, Entry>,
    not_utf8: Vec<String>,
    special: Vec<String>,
    leading_out: Vec<String>,
    /// Pairs of paths that are one path where case does not count.
    clashes: Vec<String>,
}

/// What lies in one directory.
#[derive(Default)]
struct Listed {
    files: Vec<(String, Stamp, u32)>,
    directories: Vec<String>,
    /// With their targets.
    links: Vec<(String, Vec<u8>)>,
    not_utf8: Vec<String>,
    special: Vec<String>,
    clashes: Vec<String>,
}

/// Walks what is below `root`, but for what `rules` leave out; as many directories at once as there are processors.
pub(crate) fn walk(root: &Utf8Path, rules: &Rules) -> Result<Found, Problem> {
    let real_root = std::fs::canonicalize(root).map_err(|e| io(root, e))?;
    let (beneath, matcher) = (Root::open(root)?, rules.matcher()?);
    let (mut found, mut level) = (Found::default(), vec![String::new()]);
    while !level.is_empty() {
        let all = parallel(&level, |directory| list(&beneath, &matcher, directory));
        let mut next = Vec::new();
        for (directory, listed) in level.into_iter().zip(all) {
            let listed = listed?;
            let empty = listed.files.is_empty() && listed.directories.is_empty() && listed.links.is_empty();
            if empty && !directory.is_empty() {
                found.others.insert(directory, Entry::Directory);
            }
            found.files.extend(listed.files);
            for (path, target) in listed.links {
                found.link(&real_root, root, path, &target);
            }
            found.not_utf8.extend(listed.not_utf8);
            found.special.extend(listed.special);
            found.clashes.extend(listed.clashes);
            next.extend(listed.directories);
        }
        level = next;
    }
    found.files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn list(root: &Root, matcher: &Matcher, directory: &str) -> Result<Listed, Problem> {
    let mut listed = Listed::default();
    let Some((fd, names)) = root.names(directory)? else { return Err(root.io(directory, Errno::NOENT)) };
    // Names without capitals are no other name's, whatever it is.
    let mut folded: HashMap<String, String> = HashMap::new();
    let folds = names.iter().any(|(name, _)| name.to_bytes().iter().any(|b| !b.is_ascii() || b.is_ascii_uppercase()));
    for (name, kind) in names {
        let Ok(text) = name.to_str() else {
            let shown = Path::new(directory).join(OsStr::from_bytes(name.to_bytes()));
            if !matcher.excludes(&shown, kind == FileType::Directory) {
                listed.not_utf8.push(shown.display().to_string());
            }
            continue;
        };
        let path = join(directory, text);
        if matcher.excludes(Path::new(&path), kind == FileType::Directory) {
            continue;
        }
        if folds && let Some(other) = folded.insert(text.to_lowercase(), path.clone()) {
            listed.clashes.push(format!("{other} = {path}"));
        }
        match kind {
            FileType::Directory => listed.directories.push(path),
            FileType::RegularFile => match stat(&fd, name.as_c_str()).map_err(|e| root.io(&path, e))? {
                Some(about) => listed.files.push((path, Stamp::of_stat(&about), wide(about.st_mode) & 0o777)),
                None => return Err(root.io(&path, Errno::NOENT)),
            },
            FileType::Symlink => {
                let target = fs::readlinkat(&fd, name.as_c_str(), Vec::new()).map_err(|e| root.io(&path, e))?;
                listed.links.push((path, target.into_bytes()));
            }
            _ => listed.special.push(path),
        }
    }
    Ok(listed)
}

impl Found {
    /// Takes a link whose target stays in the tree, both by its words and in fact: by its words it may stay while a
    /// link on its way leads out.
    fn link(&mut self, real_root: &Path, root: &Utf8Path, path: String, target: &[u8]) {
        let Ok(target) = str::from_utf8(target) else {
            self.not_utf8.push(format!("{path} -> {}", OsStr::from_bytes(target).display()));
            return;
        };
        let leaves = std::fs::canonicalize(root.join(&path)).is_ok_and(|real| !real.starts_with(real_root));
        if target_leaves(&path, target) || leaves {
            self.leading_out.push(format!("{path} -> {target}"));
        } else {
            self.others.insert(path, Entry::Symlink { target: target.to_owned() });
        }
    }

    /// Refuses what no manifest holds, or no other machine.
    ///
    /// # Errors
    /// With their names: `tree-name-not-utf8`, `tree-special-file`, `tree-symlink-out`, `tree-case-clash`.
    pub(crate) fn refuse(&self) -> Result<(), Problem> {
        if !self.not_utf8.is_empty() {
            return Err(problem!(Refused, "tree-name-not-utf8", names = listed(&self.not_utf8)));
        }
        if !self.special.is_empty() {
            return Err(problem!(Refused, "tree-special-file", names = listed(&self.special)));
        }
        if !self.leading_out.is_empty() {
            return Err(problem!(Refused, "tree-symlink-out", names = listed(&self.leading_out)));
        }
        if !self.clashes.is_empty() {
            return Err(problem!(Refused, "tree-case-clash", names = listed(&self.clashes)));
        }
        Ok(())
    }
}
