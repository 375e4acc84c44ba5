use camino::Utf8Path;
use stapel_text::Problem;

use crate::beneath::Root;
use crate::parallel::by_directory;
use crate::walk::walk;
use crate::{Entry, Manifest, Memory, Rules};

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
    let (mut known, mut unknown) = (Vec::with_capacity(found.files.len()), Vec::new());
    for (path, stamp, mode) in found.files {
        match memory.recall(&path, stamp) {
            Some(hash) => known.push((path, Entry::File { hash, size: stamp.size(), mode })),
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
    // A map is made of many at once sooner than of one after the other.
    let entries = known.into_iter().chain(read).chain(found.others).collect();
    Ok(Manifest { entries, ..Manifest::default() })
}
