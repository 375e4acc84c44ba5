//! The build of a program, noted in this person's cache for as long as its file stays the same: hashing one of tens of
//! megabytes takes longer than many a command has else to do before it can connect.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The clocks of file systems are coarse: what was changed just now might be changed again without a sign.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells a file from any other, and from itself after a change. The time of the last change (ctime) cannot be set by hand.
fn stamp(file: &Metadata) -> String {
    let times = (file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec());
    format!("1 {} {} {} {times:?}", file.dev(), file.ino(), file.size())
}

/// Whether these are of one file that was not changed in between.
pub(crate) fn same(one: &Metadata, other: &Metadata) -> bool {
    stamp(one) == stamp(other)
}

/// Where the note about a program is; `None` where there is no place for it.
fn place(path: &Path) -> Option<PathBuf> {
    let dir = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let cache = dir("XDG_CACHE_HOME").or_else(|| dir("HOME").map(|home| home.join(".cache")))?;
    let name = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
    Some(cache.join("stapel/builds").join(&name[..16]))
}

/// The build that was noted of the program at `path`, if its file is still the same.
pub(crate) fn recall(path: &Path, file: &Metadata) -> Option<String> {
    let noted = fs::read_to_string(place(path)?).ok()?;
    let build = noted.strip_prefix(&stamp(file))?.strip_prefix('\n')?;
    let whole = build.len() == crate::agent::BUILD && build.bytes().all(|c| c.is_ascii_hexdigit());
    whole.then(|| build.to_owned())
}

/// Notes it. It is an aid: where it cannot be written, the program is hashed again.
pub(crate) fn note(path: &Path, file: &Metadata, build: &str) {
    let changed = u64::try_from(file.ctime()).ok().map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
    if changed.and_then(|at| at.elapsed().ok()).is_none_or(|age| age <= SETTLED) {
        return;
    }
    let Some(place) = place(path) else { return };
    let temporary = place.with_extension(format!("{}.tmp", std::process::id()));
    let written = place.parent().map_or(Ok(()), fs::create_dir_all);
    let written = written.and_then(|()| fs::write(&temporary, format!("{}\n{build}", stamp(file))));
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, &place)) {
        tracing::info!(%error, path = %place.display(), "the build of this program could not be noted");
    }
}
