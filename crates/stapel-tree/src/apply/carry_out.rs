use std::collections::HashMap;

use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::hand::Hand;
use super::{Applied, Change};
use crate::observe::There;
use crate::{Entry, ObjectStore, io};

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
    for change in &applied.changed {
        one(&mut hand, change, last[change.path.as_str()])?;
    }
    hand.flush()
}

/// `last` is what the path holds at the very end: where a file becomes a directory, two changes have the same path.
fn one(hand: &mut Hand<'_>, change: &Change, last: &Option<Entry>) -> Result<(), Problem> {
    let path = &change.path;
    hand.remove_temporary(path)?;
    let now = hand.observe(path)?;
    let special = now == There::Special;
    if !special && [change.after.as_ref(), last.as_ref()].contains(&now.entry()) {
        return Ok(());
    }
    if special || now.entry() != change.before.as_ref() {
        return Err(problem!(Failed, "tree-changed-meanwhile", path = hand.root.shown(path).as_str()));
    }
    match (&change.before, &change.after) {
        (_, Some(after)) => hand.put(path, after, change.was),
        (Some(Entry::Directory), None) => hand.remove_directory(path),
        (_, None) => hand.remove(path),
    }
}
