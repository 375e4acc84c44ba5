use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::Problem;

use super::Access;
use crate::io as failed;

/// A temporary file that is removed unless it is kept.
pub(super) struct Temporary {
    pub(super) path: Utf8PathBuf,
    pub(super) file: File,
    kept: bool,
}

impl Temporary {
    /// A new one in this directory.
    pub(super) fn new(dir: &Utf8Path, access: Access) -> Result<Self, Problem> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Unique among processes too, whose numbers may be equal in two containers.
        let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("{}-{now}-{count}.tmp", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(access.mode())
            .open(&path)
            .map_err(|e| failed(&path, e))?;
        Ok(Self { path, file, kept: false })
    }

    /// Makes its content durable.
    pub(super) fn sync(&self) -> Result<(), Problem> {
        self.file.sync_all().map_err(|e| failed(&self.path, e))
    }

    /// Gives it its name.
    pub(super) fn keep(mut self, path: &Utf8Path) -> Result<(), Problem> {
        fs::rename(&self.path, path).map_err(|e| failed(path, e))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // Should it fail, `ObjectStore::sweep` finds it by its name.
            let _ = fs::remove_file(&self.path);
        }
    }
}
