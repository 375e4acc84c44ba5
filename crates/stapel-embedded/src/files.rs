use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;

use camino::Utf8Path;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stapel_text::{Problem, problem};

pub(crate) fn io(path: &Utf8Path, error: &std::io::Error) -> Problem {
    problem!(Failed, "io-failed", path = path.as_str(), error = error)
}

/// Makes a directory and its parents, for this user only.
pub(crate) fn make_dir(path: &Utf8Path) -> Result<(), Problem> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| io(path, &e))
}

/// The content of a file, `None` where there is none.
pub(crate) fn read(path: &Utf8Path) -> Result<Option<String>, Problem> {
    match fs::read_to_string(path) {
        Ok(content) => Ok(Some(content)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io(path, &e)),
    }
}

/// Replaces a file whole: a reader, also one after a power loss, sees the old content or the new one. Makes its
/// directory where there is none.
pub(crate) fn replace(path: &Utf8Path, content: &[u8]) -> Result<(), Problem> {
    make_dir(path.parent().unwrap_or(Utf8Path::new("/")))?;
    replace_there(path, content)
}

/// As [`replace`], in a directory that must be there.
pub(crate) fn replace_there(path: &Utf8Path, content: &[u8]) -> Result<(), Problem> {
    let dir = path.parent().unwrap_or(Utf8Path::new("/"));
    let temporary =
        path.with_file_name(format!(".{}.{}", path.file_name().unwrap_or("new"), uuid::Uuid::new_v4().simple()));
    let write = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&temporary);
        io(path, &e)
    })
}

/// Removes a file; an absent one is fine.
pub(crate) fn remove(path: &Utf8Path) -> Result<(), Problem> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(io(path, &e)),
        _ => Ok(()),
    }
}

/// The names of what is in a directory, sorted; none where there is no such directory. Names that are no UTF-8 and
/// those that begin with a dot are not ours.
pub(crate) fn names(dir: &Utf8Path) -> Result<Vec<String>, Problem> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io(dir, &e)),
    };
    let mut names: Vec<String> =
        entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).filter(|n| !n.starts_with('.')).collect();
    names.sort();
    Ok(names)
}

/// What a JSON file holds, `None` where there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Utf8Path) -> Result<Option<T>, Problem> {
    let Some(content) = read(path)? else { return Ok(None) };
    serde_json::from_str(&content)
        .map(Some)
        .map_err(|e| problem!(Failed, "embedded-file-invalid", path = path.as_str(), error = e.to_string()))
}

/// Replaces a JSON file whole, see [`replace`].
pub(crate) fn replace_json<T: Serialize>(path: &Utf8Path, value: &T) -> Result<(), Problem> {
    replace(path, &json(path, value)?)
}

/// What a JSON file at `path` would hold.
pub(crate) fn json<T: Serialize>(path: &Utf8Path, value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value)
        .map_err(|e| problem!(Failed, "embedded-file-invalid", path = path.as_str(), error = e.to_string()))
}
