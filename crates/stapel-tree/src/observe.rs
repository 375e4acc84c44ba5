use std::cell::RefCell;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::fs::{self, FileType};

use crate::beneath::{Root, stat};
use crate::memory::{Memory, Stamp};
use crate::names::split;
use crate::parallel::by_directory;
use crate::{Attributes, Entry, Hash};
use stapel_text::Problem;

/// What lies at a path on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum There {
    /// Nothing, or something above it is missing or is no directory.
    Nothing,
    /// Something that a manifest can hold.
    Entry(Entry, Attributes),
    /// A socket, a device, a pipe, or a link whose target is not UTF-8.
    Special,
}

impl There {
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry, _) => Some(entry),
            Self::Nothing | Self::Special => None,
        }
    }
}

/// Looks at `path`, reading the content of a file.
pub(crate) fn observe(root: &Root, path: &str) -> Result<There, Problem> {
    match root.parent(path)? {
        Some(parent) => observe_in(root, &parent, path, &Memory::none()),
        None => Ok(There::Nothing),
    }
}

/// Looks at all of `paths`, reading the content of the files that are not as they were when they were read last.
pub(crate) fn observe_all(root: &Root, paths: &[&str], memory: &Memory) -> Result<Vec<There>, Problem> {
    by_directory(
        paths,
        |path| path,
        |together| {
            let Some(parent) = together.first().map(|path| root.parent(path)).transpose()?.flatten() else {
                return Ok(together.iter().map(|_| There::Nothing).collect());
            };
            together.iter().map(|path| observe_in(root, &parent, path, memory)).collect()
        },
    )
}

/// The same where the directory that it lies in is open.
pub(crate) fn observe_in(root: &Root, parent: &OwnedFd, path: &str, memory: &Memory) -> Result<There, Problem> {
    let name = split(path).1;
    let Some(stat) = stat(parent, name).map_err(|e| root.io(path, e))? else { return Ok(There::Nothing) };
    let mode = wide(stat.st_mode) & 0o7777;
    let entry = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Entry::Directory,
        FileType::Symlink => {
            let target = fs::readlinkat(parent, name, Vec::new()).map_err(|e| root.io(path, e))?;
            match target.into_string() {
                Ok(target) => Entry::Symlink { target },
                Err(_) => return Ok(There::Special),
            }
        }
        FileType::RegularFile => {
            let (hash, size) = match memory.recall(path, Stamp::of_stat(&stat)) {
                Some(hash) => (hash, u64::try_from(stat.st_size).unwrap_or_default()),
                None => memory.learn(path, &mut root.open_in(parent, path)?).map_err(|e| root.io(path, e))?,
            };
            Entry::File { hash, size, mode }
        }
        _ => return Ok(There::Special),
    };
    Ok(There::Entry(entry, Attributes { uid: stat.st_uid, gid: stat.st_gid, mode }))
}

/// The bits of a mode, which some systems keep in 16 bits.
pub(crate) fn wide(mode: impl Into<u32>) -> u32 {
    mode.into()
}

/// The hash and size of everything that comes.
pub(crate) fn hash(reader: &mut impl Read) -> io::Result<(Hash, u64)> {
    thread_local! {
        /// Large enough to be hashed fast, and made once: most files are smaller.
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 1 << 17]);
    }
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    BUFFER.with_borrow_mut(|buffer| {
        loop {
            match reader.read(buffer) {
                Ok(0) => return Ok((hasher.finalize().into(), size)),
                Ok(n) => {
                    hasher.update(&buffer[..n]);
                    size += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    })
}
