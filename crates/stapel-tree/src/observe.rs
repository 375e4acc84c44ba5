use std::io::{self, Read};

use rustix::fs::{self, FileType};

use crate::beneath::{Root, stat};
use crate::names::split;
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

/// Looks at `path`, hashing the content of a file.
pub(crate) fn observe(root: &Root, path: &str) -> Result<There, Problem> {
    let Some(parent) = root.parent(path)? else { return Ok(There::Nothing) };
    let name = split(path).1;
    let Some(stat) = stat(&parent, name).map_err(|e| root.io(path, e))? else { return Ok(There::Nothing) };
    let mode = wide(stat.st_mode) & 0o7777;
    let entry = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Entry::Directory,
        FileType::Symlink => {
            let target = fs::readlinkat(&parent, name, Vec::new()).map_err(|e| root.io(path, e))?;
            match target.into_string() {
                Ok(target) => Entry::Symlink { target },
                Err(_) => return Ok(There::Special),
            }
        }
        FileType::RegularFile => {
            let (hash, size) = hash(&mut root.open_file(path)?).map_err(|e| root.io(path, e))?;
            Entry::File { hash, size, mode }
        }
        _ => return Ok(There::Special),
    };
    Ok(There::Entry(entry, Attributes { uid: stat.st_uid, gid: stat.st_gid, mode }))
}

/// The bits of a mode, which some systems keep in 16 bits.
fn wide(mode: impl Into<u32>) -> u32 {
    mode.into()
}

/// The hash and size of everything that comes.
pub(crate) fn hash(reader: &mut impl Read) -> io::Result<(Hash, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                size += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
