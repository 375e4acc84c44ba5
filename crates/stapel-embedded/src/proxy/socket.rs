use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use camino::Utf8Path;

/// A name for a file in a directory that is short enough for a Unix socket (108 bytes) however deep the directory lies.
/// It holds as long as the file does that comes with it.
pub(crate) fn short_name(path: &Utf8Path) -> std::io::Result<(File, PathBuf)> {
    let dir = File::open(path.parent().unwrap_or(Utf8Path::new("/")))?;
    let name = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd())).join(path.file_name().unwrap_or_default());
    Ok((dir, name))
}
