use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::{Applied, Change, look};
use crate::beneath::Root;
use crate::{Entry, Manifest, Memory, ObjectStore, Rules};

/// As [`look`], and makes sure that both ways can be gone: everything that will be replaced or removed has its content in
/// the store, read back whole; everything that will be put there is in the store. Below `root` nothing is touched.
///
/// # Errors
/// Those of [`look`]; `tree-object-missing` if a content was not brought; `tree-changed-meanwhile`; `io-failed`.
pub fn plan_apply(
    root: &Utf8Path,
    store: &ObjectStore,
    before: Option<&Manifest>,
    goal: &Manifest,
    rules: &Rules,
    memory: &Memory,
) -> Result<Applied, Problem> {
    let applied = look(root, before, goal, rules, memory)?;
    for change in &applied.changed {
        if let Some(hash) = change.after.as_ref().and_then(Entry::hash)
            && !store.has(&hash)
        {
            return Err(problem!(Failed, "tree-object-missing", hash = hash.to_string()));
        }
    }
    if !applied.root_made {
        let root = Root::open(root)?;
        applied.changed.iter().try_for_each(|change| save(&root, store, change))?;
    }
    store.flush()?;
    Ok(applied)
}

fn save(root: &Root, store: &ObjectStore, change: &Change) -> Result<(), Problem> {
    let Some(hash) = change.before.as_ref().and_then(Entry::hash) else { return Ok(()) };
    // Reading it through sets a damaged one aside, and then it is put in anew.
    if store.has(&hash) && store.copy_to(&hash, &mut std::io::sink()).is_ok() {
        return Ok(());
    }
    let file = root.open_file(&change.path)?;
    if store.put_open(&file, &root.shown(&change.path))? != hash {
        return Err(problem!(Failed, "tree-changed-meanwhile", path = root.shown(&change.path).as_str()));
    }
    store.copy_to(&hash, &mut std::io::sink()).map(drop)
}
