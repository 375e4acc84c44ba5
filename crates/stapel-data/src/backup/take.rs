use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;

use camino::Utf8Path;
use jiff::Timestamp;
use stapel_text::Problem;

use super::label::file_name;
use super::{BackupManifest, FORMAT, Label};
use crate::Database;
use crate::file::{blocking, failed};

/// Dumps `database` into `dir` (made for its owner only where it is not there), proves the dump and writes its
/// manifest. `now` names it.
///
/// # Errors
/// What [`Database::dump`] and [`Database::prove`] fail with. A dump that could not be proven stays, and its manifest
/// says that it is unproven.
pub async fn take(
    database: &dyn Database,
    dir: &Utf8Path,
    label: &Label,
    now: Timestamp,
) -> Result<BackupManifest, Problem> {
    // A directory that is there is the team's own (`./backups`), with rights of their choice.
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| failed(dir, &e))?;
    let dir = dir.canonicalize_utf8().map_err(|e| failed(dir, &e))?;
    let name = database.name();
    let file = (0..)
        .map(|again| file_name(&name, now, again, database.extension()))
        .find(|file| !dir.join(file).exists() && !BackupManifest::path(&dir, file).exists())
        .unwrap_or_default();
    let path = dir.join(&file);
    let how_to_restore = database.by_hand(&path, &label.compose).await?;
    database.dump(&path).await?;
    let (bytes, blake3) = hash(&path).await?;
    let mut manifest = BackupManifest {
        format: FORMAT,
        app: label.app.clone(),
        target: label.target.clone(),
        database: name,
        kind: database.kind(),
        file,
        bytes,
        blake3,
        taken_at: now,
        release: label.release,
        proof: None,
        how_to_restore,
    };
    // Before the proof, which takes its time: a dump without a manifest would be a stranger to retention.
    manifest.write(&dir)?;
    manifest.proof = Some(database.prove(&path).await?);
    manifest.write(&dir)?;
    Ok(manifest)
}

/// Removes what a dump that died has left in `dir`; what is being dumped there now stays.
///
/// # Errors
/// `io-failed`.
pub fn sweep(dir: &Utf8Path) -> Result<(), Problem> {
    crate::file::sweep(dir)
}

/// Length and BLAKE3 of a file.
pub(super) async fn hash(path: &Utf8Path) -> Result<(u64, String), Problem> {
    let owned = path.to_owned();
    blocking(path, move || {
        let read = || {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(File::open(&owned)?)?;
            Ok((hasher.count(), hasher.finalize().to_hex().to_string()))
        };
        read().map_err(|e| failed(&owned, &e))
    })
    .await
}
