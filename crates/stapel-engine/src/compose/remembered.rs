//! Which compose there is, noted for as long as the programs are the same: asking them takes as long as all the rest of a
//! look at an app.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::find::Compose;
use super::noted;

/// Where Docker looks for its plugins besides the person's own directory (docs.docker.com, "Docker CLI plugins").
const PLUGINS: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];

#[derive(PartialEq, Serialize, Deserialize)]
struct Note {
    programs: Vec<Program>,
    command: String,
    version: String,
}

/// A program, or a file that decides which one is found, as it is now: what is installed anew has another time of change.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Program {
    path: PathBuf,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Program {
    /// As it lies there; `None` where it does not.
    pub(super) fn seen(path: PathBuf) -> Option<Self> {
        let m = path.metadata().ok()?;
        Some(Self { path, inode: m.ino(), bytes: m.len(), changed: (m.ctime(), m.ctime_nsec()) })
    }
}

impl Compose {
    /// As [`Compose::find`], noted in the file `note`.
    ///
    /// # Errors
    /// As there.
    pub async fn find_noted(note: &Utf8Path) -> Result<Self, Problem> {
        let programs = programs();
        if let Some(found) =
            noted::read::<Note>(note).filter(|n| n.programs == programs).and_then(|n| Self::of(&n.command, &n.version))
        {
            return Ok(found);
        }
        let found = Self::find().await?;
        let fresh = Note { programs, command: found.command(), version: found.version.clone() };
        noted::keep(note, &fresh);
        Ok(found)
    }
}

fn programs() -> Vec<Program> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let own = own.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".docker"))).unwrap_or_default();
    let mut all: Vec<PathBuf> =
        std::env::split_paths(&path).flat_map(|dir| ["docker", "docker-compose"].map(|name| dir.join(name))).collect();
    all.extend([own.join("cli-plugins/docker-compose"), own.join("config.json")]);
    all.extend(PLUGINS.map(|dir| Path::new(dir).join("docker-compose")));
    all.into_iter().filter_map(Program::seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_note_is_believed_only_while_the_programs_are_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let note = Utf8Path::from_path(dir.path()).unwrap().join("compose");
        let mut fresh = Note { programs: programs(), command: "docker-compose".into(), version: "1.29.7".into() };
        noted::keep(&note, &fresh);
        assert_eq!(Compose::find_noted(&note).await.unwrap().version, "1.29.7");
        // Another one was installed since.
        fresh.programs.push(Program { path: "/gone".into(), inode: 1, bytes: 1, changed: (1, 1) });
        noted::keep(&note, &fresh);
        assert_ne!(Compose::find_noted(&note).await.map(|c| c.version), Ok("1.29.7".to_owned()));
        // What makes no sense is no note.
        std::fs::write(&note, "{").unwrap();
        assert_eq!(Compose::find_noted(&note).await, Compose::find().await);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().path() != note).count(), 0);
    }
}
