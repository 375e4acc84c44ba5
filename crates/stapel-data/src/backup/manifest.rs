use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

use crate::file::{Whole, failed};
use crate::{Kind, Proof};

/// The version of the manifest's format that this Stapel writes. Fields may be added within a version.
pub const FORMAT: u32 = 1;

/// What lies beside a dump as `<file>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// [`FORMAT`] of the Stapel that wrote it.
    pub format: u32,
    /// The app.
    pub app: String,
    /// The target, if it has a name.
    #[serde(default)]
    pub target: Option<String>,
    /// What people call the database.
    pub database: String,
    /// What it is.
    pub kind: Kind,
    /// The dump's file name, in the manifest's own directory.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// The BLAKE3 hash of its content, in hexadecimal.
    pub blake3: String,
    /// When the dump was begun.
    pub taken_at: Timestamp,
    /// The release that it was taken for; `None` when a person asked for it.
    #[serde(default)]
    pub release: Option<u64>,
    /// What reading it back found; `None` while it is unproven.
    #[serde(default)]
    pub proof: Option<Proof>,
    /// The command line with which a person restores it without Stapel.
    pub how_to_restore: String,
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl BackupManifest {
    /// Where the manifest of the dump `file` lies in `dir`.
    #[must_use]
    pub fn path(dir: &Utf8Path, file: &str) -> Utf8PathBuf {
        dir.join(format!("{file}.json"))
    }

    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// `data-manifest-newer` for a format of a later Stapel, `data-manifest-damaged`, `data-manifest-missing`,
    /// `io-failed`.
    pub fn read(path: &Utf8Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => problem!(Refused, "data-manifest-missing", path = path.as_str()),
            _ => failed(path, &e),
        })?;
        let damaged = |error: String| problem!(Refused, "data-manifest-damaged", path = path.as_str(), error = error);
        let Versioned { format } = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        if format > FORMAT {
            return Err(problem!(
                Refused,
                "data-manifest-newer",
                path = path.as_str(),
                format = format,
                known = FORMAT
            ));
        }
        let manifest: Self = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        // The name leads to files that are restored from and deleted: it must not lead out of the directory.
        if path.file_name() == Some(format!("{}.json", manifest.file).as_str()) {
            Ok(manifest)
        } else {
            Err(damaged(format!("file = {}", manifest.file)))
        }
    }

    /// Writes it beside its dump in `dir`, in place of an older one; atomic, for its owner only.
    pub(super) fn write(&self, dir: &Utf8Path) -> Result<(), Problem> {
        let path = Self::path(dir, &self.file);
        let mut text = serde_json::to_string_pretty(self).map_err(|e| failed(&path, &e.into()))?;
        text.push('\n');
        let file = Whole::new(&path)?;
        file.write(text.as_bytes())?;
        file.replace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = include_str!("../../tests/formats/backup-manifest-1.json");

    fn read(name: &str, text: &str) -> Result<BackupManifest, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join(name);
        std::fs::write(&path, text).unwrap();
        BackupManifest::read(&path)
    }

    #[test]
    fn format_1_stays_readable() {
        let manifest = read("convertik-db_2026-11-20_09-15-00.dump.json", FIRST).unwrap();
        assert_eq!(manifest.kind, Kind::Postgres);
        assert_eq!(manifest.proof, Some(Proof { tables: 4, rows: None, bytes: 438_707 }));
        assert_eq!(manifest.taken_at, "2026-11-20T09:15:00Z".parse().unwrap());
        assert_eq!((manifest.release, manifest.target.as_deref()), (Some(7), Some("production")));
        // And what is written today is what was written then.
        assert_eq!(serde_json::to_string_pretty(&manifest).unwrap(), FIRST.trim_end());
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number_whatever_else_it_holds() {
        let problem = read("a.db.json", r#"{"format": 2, "file": {"not": "a string"}}"#).unwrap_err();
        assert_eq!(problem.code(), "data-manifest-newer");
        assert!(problem.to_string().contains('2'), "{problem}");
    }

    #[test]
    fn a_manifest_that_leads_elsewhere_or_is_none_is_damaged() {
        for text in [FIRST, "", "{}", "[]", r#"{"format": 1}"#] {
            assert_eq!(read("another.dump.json", text).unwrap_err().code(), "data-manifest-damaged", "{text}");
        }
    }
}
