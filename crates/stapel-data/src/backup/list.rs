use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use super::BackupManifest;
use crate::Kind;
use crate::file::failed;

/// The backups in a directory.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// The newest first. Each has a dump of the length that its manifest says.
    pub backups: Vec<BackupManifest>,
    /// Manifests that are damaged, of a newer format, or whose dump is gone or has another length. They protect
    /// nothing, and nothing deletes them.
    pub unusable: Vec<Problem>,
}

/// The backups in `dir`; none where there is no such directory. Other files there are none of ours.
///
/// # Errors
/// `io-failed` when the directory cannot be read.
pub fn list(dir: &Utf8Path) -> Result<Listing, Problem> {
    let mut listing = Listing::default();
    for path in manifests(dir)? {
        match BackupManifest::read(&path).and_then(|m| there(dir, m)) {
            Ok(manifest) => listing.backups.push(manifest),
            Err(problem) => listing.unusable.push(problem),
        }
    }
    listing.backups.sort_by(|a, b| b.taken_at.cmp(&a.taken_at).then_with(|| b.file.cmp(&a.file)));
    Ok(listing)
}

fn manifests(dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Problem> {
    let entries = match dir.read_dir_utf8() {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(dir, &e)),
    };
    let endings = [Kind::Postgres, Kind::Sqlite].map(|kind| format!(".{}.json", kind.extension()));
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if endings.iter().any(|e| entry.file_name().ends_with(e)) => paths.push(entry.into_path()),
            Ok(_) => {}
            // A name that is not UTF-8 is none of ours.
            Err(e) if e.kind() == ErrorKind::InvalidData => {}
            Err(e) => return Err(failed(dir, &e)),
        }
    }
    paths.sort();
    Ok(paths)
}

/// The manifest, if its dump is there with its length.
pub(super) fn there(dir: &Utf8Path, manifest: BackupManifest) -> Result<BackupManifest, Problem> {
    let path = dir.join(&manifest.file);
    match std::fs::metadata(&path) {
        Ok(meta) if meta.len() == manifest.bytes => Ok(manifest),
        Ok(_) => Err(problem!(Refused, "data-backup-changed", path = path.as_str())),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(problem!(Refused, "data-backup-gone", path = path.as_str())),
        Err(e) => Err(failed(&path, &e)),
    }
}
