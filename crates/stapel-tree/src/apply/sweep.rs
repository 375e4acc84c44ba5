use camino::Utf8Path;
use ignore::WalkBuilder;
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;
use stapel_text::Problem;

use crate::beneath::Root;
use crate::names::{is_temporary, split};

/// Removes every temporary dot-file of ours below `root` that a crash left, and returns their paths. It stays on the
/// root's file system, follows no link, and passes over directories that it may not read: nothing of ours is in there.
///
/// # Errors
/// `io-failed`.
pub fn sweep(root: &Utf8Path) -> Result<Vec<String>, Problem> {
    let Some(beneath) = Root::open_if_there(root)? else { return Ok(Vec::new()) };
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false).follow_links(false).same_file_system(true);
    let mut swept = Vec::new();
    for entry in walker.build().filter_map(Result::ok) {
        let Some(path) = entry.path().strip_prefix(root).ok().and_then(|p| p.to_str()) else { continue };
        let (_, name) = split(path);
        if !is_temporary(name) || entry.file_type().is_none_or(|t| t.is_dir()) {
            continue;
        }
        let Some(parent) = beneath.parent(path)? else { continue };
        match unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) => swept.push(path.to_owned()),
            Err(Errno::NOENT) => {}
            Err(e) => return Err(beneath.io(path, e)),
        }
    }
    Ok(swept)
}
