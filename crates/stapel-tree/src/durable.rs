//! Making what was written durable, one file or many at once.

use std::fs::File;
use std::io;

use camino::Utf8Path;

/// From how many files on one call for the whole file system costs less than one for each file.
pub(crate) const MANY: usize = 16;

/// Makes everything durable that was written below this directory. Where the system has no such call for a file system, each
/// file has to be made durable when it is written: see [`one_by_one`].
#[cfg(target_os = "linux")]
pub(crate) fn all_below(dir: &Utf8Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(dir)?)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn all_below(_: &Utf8Path) -> io::Result<()> {
    Ok(())
}

/// Whether each of so many files is to be made durable by itself.
pub(crate) fn one_by_one(files: usize) -> bool {
    files < MANY || !cfg!(target_os = "linux")
}
