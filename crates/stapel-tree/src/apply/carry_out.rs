use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::hand::Hand;
use super::{Applied, Change};
use crate::beneath::stat;
use crate::durable::{Ahead, file_system, one_by_one};
use crate::memory::Stamp;
use crate::names::split;
use crate::observe::{There, observe_in};
use crate::parallel::by_directory;
use crate::{Entry, Memory, ObjectStore, io};

/// How many files lie beside their places at once, written and not yet revealed.
const AT_ONCE: usize = 1 << 14;

/// After so many files more what is written goes to the disk while the next ones are.
const STRETCH: usize = 1 << 11;

/// Makes the changes of [`super::plan_apply`]. What is done already is left alone, so that it can be carried out again
/// after a crash at any point.
///
/// # Errors
/// `tree-changed-meanwhile` if something is neither as the plan saw it nor as it shall be; `tree-object-missing`,
/// `tree-object-damaged`, `tree-way-blocked`, `tree-path-unsafe`, `tree-format-unknown`, `io-failed`.
pub fn carry_out(root: &Utf8Path, store: &ObjectStore, applied: &Applied) -> Result<(), Problem> {
    if applied.root_made {
        std::fs::create_dir_all(root).map_err(|e| io(root, e))?;
    }
    let mut hand = Hand::new(root, store, applied)?;
    let last: HashMap<&str, &Option<Entry>> = applied.changed.iter().map(|c| (c.path.as_str(), &c.after)).collect();
    let mut files = Vec::new();
    for change in &applied.changed {
        let last = last[change.path.as_str()];
        if change.after.as_ref().is_some_and(|after| after.hash().is_some()) && change.after == *last {
            files.push(change);
            if files.len() == AT_ONCE {
                put_files(&mut hand, &std::mem::take(&mut files))?;
            }
            continue;
        }
        // The order counts: what stands in a file's way goes before it, what is gone from the goal goes after all.
        put_files(&mut hand, &std::mem::take(&mut files))?;
        one(&mut hand, change, last)?;
    }
    put_files(&mut hand, &files)?;
    hand.flush()
}

/// Puts files in their places, by as many threads as there are processors: all are written, then made durable together,
/// then each takes its place, if what lies there still is what was looked at.
fn put_files(hand: &mut Hand<'_>, changes: &[&Change]) -> Result<(), Problem> {
    let durable = one_by_one(changes.len());
    let held = &*hand;
    let mut around: Vec<&str> = changes.iter().map(|change| split(&change.path).0).collect();
    around.dedup();
    let systems = Arc::new(if durable { Vec::new() } else { held.file_systems(around.into_iter())? });
    let ahead = Ahead::new({
        let systems = Arc::clone(&systems);
        move || systems.iter().try_for_each(file_system)
    });
    let count = AtomicUsize::new(0);
    let written = by_directory(
        changes,
        |change| &change.path,
        |together| {
            let Some(first) = together.first() else { return Ok(Vec::new()) };
            let parent = held.root.parent_to_write(&first.path)?;
            let around = held.owner_of(&parent, &first.path)?;
            let mut written = Vec::new();
            for change in together {
                let Some(after) = &change.after else { continue };
                let path = change.path.as_str();
                let stamp = stamp(held, &parent, path)?;
                let there = match stamp {
                    Some(_) => observe_in(&held.root, &parent, path, &Memory::none())?,
                    None => There::Nothing,
                };
                if still_to_do(held, change, &change.after, there)? {
                    held.write(&parent, around, path, after, change.was, durable)?;
                    written.push((path, stamp));
                } else {
                    held.remove_temporary(path)?;
                }
            }
            let before = count.fetch_add(written.len(), Relaxed);
            if before / STRETCH != (before + written.len()) / STRETCH {
                ahead.more();
            }
            Ok(written)
        },
    );
    let ahead = ahead.end().map_err(|e| held.root.io("", e));
    let written = written?;
    ahead?;
    let mut directories: Vec<&str> = written.iter().map(|(path, _)| split(path).0).collect();
    directories.dedup();
    held.settle(&systems)?;
    by_directory(
        &written,
        |(path, _)| path,
        |together| {
            let Some((first, _)) = together.first() else { return Ok(Vec::new()) };
            let parent = held.root.parent_to_write(first)?;
            for (path, before) in together {
                let revealed = match before {
                    // Nothing was there, and in the same moment it is seen that nothing is.
                    None => held.reveal_new(&parent, path)?,
                    before => stamp(held, &parent, path)? == *before && held.reveal_in(&parent, path).map(|()| true)?,
                };
                if !revealed {
                    return Err(meanwhile(held, path));
                }
            }
            Ok(vec![()])
        },
    )?;
    directories.into_iter().for_each(|directory| hand.touch(directory));
    Ok(())
}

/// By what a change of what lies here is seen without reading it; `None` where nothing does.
fn stamp(hand: &Hand<'_>, parent: &OwnedFd, path: &str) -> Result<Option<Stamp>, Problem> {
    let found = stat(parent, split(path).1).map_err(|e| hand.root.io(path, e))?;
    Ok(found.map(|about| Stamp::of_stat(&about)))
}

fn meanwhile(hand: &Hand<'_>, path: &str) -> Problem {
    problem!(Failed, "tree-changed-meanwhile", path = hand.root.shown(path).as_str())
}

/// `last` is what the path holds at the very end: where a file becomes a directory, two changes have the same path.
fn one(hand: &mut Hand<'_>, change: &Change, last: &Option<Entry>) -> Result<(), Problem> {
    let path = &change.path;
    if !to_do(hand, change, last)? {
        return Ok(());
    }
    match (&change.before, &change.after) {
        (_, Some(after)) => hand.put(path, after, change.was),
        (Some(Entry::Directory), None) => hand.remove_directory(path),
        (_, None) => hand.remove(path),
    }
}

/// Whether a change is not made yet; what an interrupted one left is removed.
fn to_do(hand: &Hand<'_>, change: &Change, last: &Option<Entry>) -> Result<bool, Problem> {
    hand.remove_temporary(&change.path)?;
    still_to_do(hand, change, last, hand.observe(&change.path)?)
}

/// The same where it is known what is there.
fn still_to_do(hand: &Hand<'_>, change: &Change, last: &Option<Entry>, now: There) -> Result<bool, Problem> {
    let special = now == There::Special;
    if !special && [change.after.as_ref(), last.as_ref()].contains(&now.entry()) {
        return Ok(false);
    }
    if special || now.entry() != change.before.as_ref() {
        return Err(meanwhile(hand, &change.path));
    }
    Ok(true)
}
