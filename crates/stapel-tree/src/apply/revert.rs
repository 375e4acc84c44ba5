use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::hand::Hand;
use super::{Applied, Change, Displaced};
use crate::observe::There;
use crate::{Entry, ObjectStore, io};

/// Makes it as it was before [`super::carry_out`], whether that has happened, half happened or never. Returns what had been
/// changed since by someone else and was replaced now; a file's content is in the store.
///
/// It goes on after a problem, so that as much as possible is as before, and returns the first one at the end.
///
/// # Errors
/// `tree-in-the-way` if something that cannot be kept in the store lies where something must be restored;
/// `tree-object-missing`, `tree-object-damaged`, `tree-way-blocked`, `tree-path-unsafe`, `tree-format-unknown`,
/// `io-failed`.
pub fn revert(root: &Utf8Path, store: &ObjectStore, applied: &Applied) -> Result<Vec<Displaced>, Problem> {
    if applied.root_made && !root.exists() {
        return Ok(Vec::new());
    }
    let mut hand = Hand::new(root, store, applied)?;
    let mut displaced = Vec::new();
    let mut first = None;
    for change in applied.changed.iter().rev() {
        match one(&mut hand, change) {
            Ok(found) => displaced.extend(found),
            Err(problem) => drop(first.get_or_insert(problem)),
        }
    }
    hand.flush()?;
    store.flush()?;
    if let Some(problem) = first {
        return Err(problem);
    }
    if applied.root_made {
        remove_root(root)?;
    }
    Ok(displaced)
}

fn one(hand: &mut Hand<'_>, change: &Change) -> Result<Option<Displaced>, Problem> {
    let path = &change.path;
    hand.remove_temporary(path)?;
    let now = hand.observe(path)?;
    if now != There::Special && now.entry() == change.before.as_ref() {
        return Ok(None);
    }
    if change.after == Some(Entry::Directory) || now.entry() == Some(&Entry::Directory) {
        // A directory that we made goes unless something was put into it. Any other one that stands here now is not ours.
        if change.after == Some(Entry::Directory) && now.entry() == Some(&Entry::Directory) {
            hand.remove_directory(path)?;
        }
        return if change.before.is_some() && hand.exists(path)? { Err(in_the_way(path)) } else { Ok(None) };
    }
    let displaced =
        if now.entry() == change.after.as_ref() && now != There::Special { None } else { displace(hand, path, now)? };
    match &change.before {
        Some(before) => hand.put(path, before, change.was)?,
        None => hand.remove(path)?,
    }
    Ok(displaced)
}

/// Keeps what someone else put here.
fn displace(hand: &Hand<'_>, path: &str, now: There) -> Result<Option<Displaced>, Problem> {
    let entry = match now {
        There::Nothing => return Ok(None),
        There::Special => return Err(in_the_way(path)),
        There::Entry(entry, _) => entry,
    };
    if entry.hash().is_some() {
        hand.store.put_open(&hand.root.open_file(path)?, &hand.root.shown(path))?;
        // It is the only copy once it is replaced.
        hand.store.flush()?;
    }
    Ok(Some(Displaced { path: path.to_owned(), entry }))
}

fn in_the_way(path: &str) -> Problem {
    problem!(Refused, "tree-in-the-way", names = path)
}

/// The root goes only if it is as empty as it was made.
fn remove_root(root: &Utf8Path) -> Result<(), Problem> {
    use std::io::ErrorKind::{DirectoryNotEmpty, NotFound};
    match std::fs::remove_dir(root) {
        Err(e) if !matches!(e.kind(), DirectoryNotEmpty | NotFound) => Err(io(root, e)),
        _ => Ok(()),
    }
}
