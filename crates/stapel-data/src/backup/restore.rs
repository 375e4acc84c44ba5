use std::io::ErrorKind;

use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::BackupManifest;
use super::list::there;
use super::take::hash;
use crate::Database;
use crate::file::failed;

/// Whether the dump of `manifest` in `dir` is still byte for byte what was taken.
///
/// # Errors
/// `data-backup-gone`, `data-backup-changed`, `io-failed`.
pub async fn verify(dir: &Utf8Path, manifest: &BackupManifest) -> Result<(), Problem> {
    there(dir, manifest.clone())?;
    let path = dir.join(&manifest.file);
    if hash(&path).await? == (manifest.bytes, manifest.blake3.clone()) {
        Ok(())
    } else {
        Err(problem!(Refused, "data-backup-changed", path = path.as_str()))
    }
}

/// Puts a backup back into `database`: only a proven one, of this kind of database, unchanged since it was taken.
///
/// # Errors
/// `data-backup-unproven`, `data-backup-other-kind`, those of [`verify`] and of [`Database::restore`].
pub async fn restore(database: &dyn Database, dir: &Utf8Path, manifest: &BackupManifest) -> Result<(), Problem> {
    if manifest.kind != database.kind() {
        return Err(problem!(Refused, "data-backup-other-kind", file = &manifest.file, database = database.name()));
    }
    if manifest.proof.is_none() {
        return Err(problem!(Refused, "data-backup-unproven", file = &manifest.file));
    }
    verify(dir, manifest).await?;
    database.restore(&dir.join(&manifest.file)).await
}

/// Deletes a backup, the dump first: a manifest without a dump is seen by [`list`](super::list()), a dump without a
/// manifest would be nobody's. What is gone already is fine.
///
/// # Errors
/// `io-failed`.
pub fn remove(dir: &Utf8Path, manifest: &BackupManifest) -> Result<(), Problem> {
    for path in [dir.join(&manifest.file), BackupManifest::path(dir, &manifest.file)] {
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(failed(&path, &e)),
            _ => {}
        }
    }
    Ok(())
}
