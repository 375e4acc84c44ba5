use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use stapel_text::{Problem, problem};

use crate::machine::Machine;
use crate::noted;

/// How much of the hash names a build: 64 bits.
pub(crate) const BUILD: usize = 16;

/// How much of a program tells for which machine it is.
const HEAD: usize = 64;

/// A program that is brought to a host: this very program, or another build of it, see [`crate::Agents`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentBinary {
    path: PathBuf,
    build: String,
    size: u64,
    machine: Machine,
    modified: Option<SystemTime>,
}

impl AgentBinary {
    /// The id of the build that this process is. On a host the agent's directory is named by it, which spares hashing.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn own_build() -> Result<String, Problem> {
        let path = std::env::current_exe().map_err(|e| io(Path::new("/proc/self/exe"), &e))?;
        let directory = path.parent().and_then(Path::file_name).and_then(|n| n.to_str()).unwrap_or_default();
        let named = directory.strip_prefix(concat!(env!("CARGO_PKG_VERSION"), "-"));
        match named.filter(|b| b.len() == BUILD && b.bytes().all(|c| c.is_ascii_hexdigit())) {
            Some(build) => Ok(build.to_owned()),
            None => Ok(Self::known(path)?.build().to_owned()),
        }
    }

    /// The program at `path`, which is not hashed where that was noted before of the very same file.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn known(path: impl Into<PathBuf>) -> Result<Self, Problem> {
        let path = path.into();
        let look = || -> std::io::Result<(fs::Metadata, [u8; HEAD])> {
            let mut file = File::open(&path)?;
            let mut head = [0; HEAD];
            let about = file.metadata()?;
            file.read_exact(&mut head)?;
            Ok((about, head))
        };
        // A file that is shorter than any program is hashed as soon as looked at.
        let Ok((about, head)) = look() else { return Self::at(path) };
        if let Some(build) = noted::recall(&path, &about) {
            let (size, machine, modified) = (about.len(), Machine::of(&head), about.modified().ok());
            return Ok(Self { path, build, size, machine, modified });
        }
        let hashed = Self::at(path)?;
        // Not what was put in its place meanwhile.
        if fs::metadata(&hashed.path).is_ok_and(|now| noted::same(&now, &about)) {
            noted::note(&hashed.path, &about, &hashed.build);
        }
        Ok(hashed)
    }

    /// The program at `path`.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, Problem> {
        let path = path.into();
        let look = || -> std::io::Result<(String, u64, Machine, Option<SystemTime>)> {
            let mut file = File::open(&path)?;
            let modified = file.metadata()?.modified().ok();
            // Each command does this once, before it can connect: SHA-256 takes several times as long.
            let mut hasher = blake3::Hasher::new();
            let (mut machine, mut size) = (None, 0);
            read(&mut file, |part| {
                machine.get_or_insert_with(|| Machine::of(part));
                hasher.update(part);
                size += part.len() as u64;
            })?;
            let build = hasher.finalize().to_hex()[..BUILD].to_owned();
            Ok((build, size, machine.unwrap_or(Machine::Any), modified))
        };
        let (build, size, machine, modified) = look().map_err(|e| io(&path, &e))?;
        Ok(Self { path, build, size, machine, modified })
    }

    /// Where it lies on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The SHA-256 of its file, 64 hexadecimal digits: what every host has a tool for. It takes a moment, and is needed only
    /// where the agent is brought.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn sha256(&self) -> Result<String, Problem> {
        let mut hasher = Sha256::new();
        let hashed = File::open(&self.path).and_then(|mut file| read(&mut file, |part| hasher.update(part)));
        hashed.map_err(|e| io(&self.path, &e))?;
        Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }

    /// The id of this build, for [`crate::Hello`]: the first digits of the BLAKE3 hash of its file.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The name of its directory on a host, `<version>-<build>`.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("{}-{}", self.version(), self.build())
    }

    pub(crate) fn machine(&self) -> Machine {
        self.machine
    }

    pub(crate) fn is_the_same(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|m| m.len() == self.size && m.modified().ok() == self.modified)
    }
}

/// Hands on what a file holds, part by part.
fn read(file: &mut File, mut part: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            n => part(&buffer[..n]),
        }
    }
}

fn io(path: &Path, error: &std::io::Error) -> Problem {
    problem!(Failed, "io-failed", path = path.display(), error = error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_the_host_will_find() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent");
        fs::write(&path, "abc").unwrap();
        let agent = AgentBinary::at(&path).unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(agent.sha256().unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        // The same as `b3sum` says.
        assert_eq!(agent.directory(), concat!(env!("CARGO_PKG_VERSION"), "-6437b3ac38465133"));
        assert_eq!(agent.size(), 3);
    }

    #[test]
    fn what_was_noted_of_a_program_is_what_hashing_it_would_say() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent");
        for content in [[7_u8; 100].to_vec(), [8_u8; 100].to_vec(), b"short".to_vec()] {
            fs::write(&path, content).unwrap();
            let hashed = AgentBinary::at(&path).unwrap();
            // Whether it was noted by then or not, and right after it was changed.
            assert_eq!([(); 3].map(|()| AgentBinary::known(&path).unwrap()), [(); 3].map(|()| hashed.clone()));
        }
        let own = std::env::current_exe().unwrap();
        assert_eq!(
            [(); 2].map(|()| AgentBinary::known(&own).unwrap()),
            [(); 2].map(|()| AgentBinary::at(&own).unwrap())
        );
    }
}
