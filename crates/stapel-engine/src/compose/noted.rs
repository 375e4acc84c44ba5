//! What was found out, noted beside the state. A note is an aid: one that cannot be read or written means to ask again.

use camino::Utf8Path;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) fn read<T: DeserializeOwned>(note: &Utf8Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(note).ok()?).ok()
}

pub(super) fn keep(note: &Utf8Path, fresh: &impl Serialize) {
    if let Err(error) = write(note, fresh) {
        tracing::info!(%error, %note, "not noted");
    }
}

/// Under another name first: two sessions may come at once.
fn write(note: &Utf8Path, fresh: &impl Serialize) -> std::io::Result<()> {
    let mut draft = tempfile::NamedTempFile::new_in(note.parent().unwrap_or(Utf8Path::new("/")))?;
    serde_json::to_writer(&mut draft, fresh)?;
    draft.persist(note)?;
    Ok(())
}
