use std::fs::File;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;
use stapel_text::{Problem, bytes, problem};

/// Bytes of the reserve: what the records of a way back and the files of a usual tree need, with plenty to spare.
pub const BYTES: u64 = 8_000_000;

/// Allocated space beside the journal that is given up when the disk is full, so that a way back can still be gone and
/// recorded.
#[derive(Debug)]
pub(super) struct Reserve {
    path: Utf8PathBuf,
}

impl Reserve {
    pub(super) fn beside(journal: &Utf8Path) -> Self {
        Self { path: journal.with_file_name("reserve") }
    }

    /// Makes it, or sees that it is there whole.
    pub(super) fn keep(&self) -> Result<(), Problem> {
        let made = || -> io::Result<()> {
            let file = File::options().create(true).write(true).truncate(false).open(&self.path)?;
            match fallocate(&file, FallocateFlags::empty(), 0, BYTES) {
                // Some file systems allocate only what is written.
                Err(Errno::OPNOTSUPP) => std::io::copy(&mut std::io::repeat(0).take(BYTES), &mut &file).map(drop)?,
                allocated => allocated?,
            }
            file.sync_all()
        };
        made().map_err(|e| {
            // Half a reserve helps nobody, and takes what others need.
            let _ = std::fs::remove_file(&self.path);
            match e.kind() {
                io::ErrorKind::StorageFull => {
                    problem!(Refused, "release-no-reserve", path = self.path.as_str(), needed = bytes(BYTES))
                }
                _ => problem!(Failed, "io-failed", path = self.path.as_str(), error = e),
            }
        })
    }

    /// Gives it up; `false` where there is none any more.
    pub(super) fn give_up(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Gives it up if the disk has less left than it holds.
    pub(super) fn give_up_if_needed(&self) {
        let dir = self.path.parent().unwrap_or(Utf8Path::new("/"));
        if statvfs(dir.as_std_path()).is_ok_and(|s| s.f_bavail.saturating_mul(s.f_frsize) < BYTES) {
            self.give_up();
        }
    }
}
