mod block;
mod compress;
mod pack;
mod packs;
mod temporary;
mod write;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use crate::{Entry, Hash, Manifest, io as failed};

pub use block::{Block, Part, Wanted, compress_group, group};
pub use compress::{compress, compress_bytes, decompress_bytes};
use packs::Packs;
use write::Waiting;

/// Who besides the owner may read an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The group of the state directory: those who may release the app.
    Group,
    /// Nobody: the content is a secret.
    Owner,
}

impl Access {
    /// What suits the content of a file with these permission bits: what was closed to the group stays closed.
    #[must_use]
    pub fn of_mode(mode: u32) -> Self {
        if mode & 0o040 == 0 { Self::Owner } else { Self::Group }
    }

    fn mode(self) -> u32 {
        match self {
            Self::Group => 0o640,
            Self::Owner => 0o600,
        }
    }
}

/// File contents by their hash, each compressed with zstd: in a file `ab/cdef…` named by the hash of what is in it, or, where
/// many came at once, together in a pack (`packs/….pack`), many compressed as one.
///
/// An object is there whole or not at all: it is checked, written under a temporary name, made durable and renamed.
pub struct ObjectStore {
    dir: Utf8PathBuf,
    packs: Packs,
    /// Directories with names that are not durable yet, see [`ObjectStore::flush`].
    touched: Mutex<BTreeSet<Utf8PathBuf>>,
    /// What was put and is no object yet, see [`ObjectStore::put_compressed`].
    waiting: Mutex<Waiting>,
}

impl ObjectStore {
    /// The store in `dir`, which is made if it is not there.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn open(dir: impl Into<Utf8PathBuf>) -> Result<Self, Problem> {
        let dir = dir.into();
        make_dir(&dir).map_err(|e| failed(&dir, e))?;
        let packs = Packs::new(dir.join("packs"));
        Ok(Self { dir, packs, touched: Mutex::default(), waiting: Mutex::default() })
    }

    /// Whether it has this content.
    #[must_use]
    pub fn has(&self, hash: &Hash) -> bool {
        self.there(hash) || (self.packs.look().is_ok() && self.packs.seen(hash))
    }

    /// The same, but for packs that another process has added since we looked.
    fn there(&self, hash: &Hash) -> bool {
        self.packs.seen(hash) || self.path(hash).is_file()
    }

    /// The contents of `manifest` that it has not, each once.
    #[must_use]
    pub fn missing(&self, manifest: &Manifest) -> Vec<Hash> {
        // One that cannot be read is as good as missing: what is in it is brought again.
        let _ = self.packs.look();
        let all = manifest.entries.values().filter_map(Entry::hash);
        let unseen: BTreeSet<Hash> = self.packs.unseen(all);
        unseen.into_iter().filter(|hash| !self.path(hash).is_file()).collect()
    }

    /// Writes the content to `to`. Whoever calls throws away what was written when this fails: only at the end it is
    /// known whether the content is right.
    ///
    /// # Errors
    /// `tree-object-missing`; `tree-object-damaged`, after which the store no longer has it and it can be brought again;
    /// `io-failed`.
    pub fn copy_to(&self, hash: &Hash, to: &mut impl Write) -> Result<u64, Problem> {
        let path = self.path(hash);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return self.copy_packed(hash, to),
            Err(e) => return Err(failed(&path, e)),
        };
        let mut decoder = zstd::Decoder::new(file).map_err(|e| failed(&path, e))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            let n = match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                // An error of the disk has a number, one of the decoder has none.
                Err(e) if e.raw_os_error().is_some() => return Err(failed(&path, e)),
                Err(_) => return Err(self.damaged(hash)),
            };
            hasher.update(&buffer[..n]);
            to.write_all(&buffer[..n]).map_err(|e| failed(&path, e))?;
            size += n as u64;
        }
        if Hash::from(hasher.finalize()) == *hash { Ok(size) } else { Err(self.damaged(hash)) }
    }

    /// As [`ObjectStore::copy_to`], of what is not a file of its own.
    fn copy_packed(&self, hash: &Hash, to: &mut impl Write) -> Result<u64, Problem> {
        let missing = || problem!(Failed, "tree-object-missing", hash = hash.to_string());
        let found = self.packs.read(hash)?.ok_or_else(missing)?;
        if let Some(content) = found.content().filter(|content| Hash::of(content) == *hash) {
            to.write_all(content).map_err(|e| failed(self.path(hash), e))?;
            return Ok(content.len() as u64);
        }
        self.packs.set_aside(hash)?;
        Err(problem!(Failed, "tree-object-damaged", hash = hash.to_string()))
    }

    /// The content, checked.
    ///
    /// # Errors
    /// As [`ObjectStore::copy_to`].
    pub fn read(&self, hash: &Hash) -> Result<Vec<u8>, Problem> {
        let mut content = Vec::new();
        self.copy_to(hash, &mut content)?;
        Ok(content)
    }

    /// The hashes of all that it has, sorted.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn hashes(&self) -> Result<Vec<Hash>, Problem> {
        let mut all = self.packs.hashes()?;
        for (dir, name) in self.names()? {
            all.extend(format!("{dir}{name}").parse::<Hash>());
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Lets a content go; one that is not there is fine. Many are let go faster together, see [`ObjectStore::remove_all`].
    ///
    /// # Errors
    /// `io-failed`.
    pub fn remove(&self, hash: &Hash) -> Result<(), Problem> {
        self.remove_all(&BTreeSet::from([*hash]))
    }

    /// Lets contents go; those that are not there are fine. What else is in the packs that had them stays, in packs that take
    /// no more room than that.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn remove_all(&self, hashes: &BTreeSet<Hash>) -> Result<(), Problem> {
        hashes.iter().try_for_each(|hash| gone(&self.path(hash)))?;
        self.packs.forget(hashes)
    }

    /// Removes temporary files and damaged objects that are older than `age`: a younger one may be being written.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn sweep(&self, age: Duration) -> Result<(), Problem> {
        // By their names first: each release sweeps, and there may be a hundred thousand objects.
        let passing = |name: &str| name.ends_with(".tmp") || name.ends_with(".damaged");
        let packs = self.packs.names("")?.into_iter().map(|name| ("packs".to_owned(), name));
        for (dir, name) in self.names()?.into_iter().chain(packs).filter(|(_, name)| passing(name)) {
            let path = self.dir.join(dir).join(name);
            let modified = fs::metadata(&path).and_then(|m| m.modified()).unwrap_or_else(|_| SystemTime::now());
            if modified.elapsed().is_ok_and(|passed| passed >= age) {
                gone(&path)?;
            }
        }
        Ok(())
    }

    /// Makes all that was put durable, with its names.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn flush(&self) -> Result<(), Problem> {
        self.settle(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))?;
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        for dir in &touched {
            File::open(dir).and_then(|d| d.sync_all()).map_err(|e| failed(dir, e))?;
        }
        Ok(())
    }

    fn path(&self, hash: &Hash) -> Utf8PathBuf {
        let hex = hash.to_string();
        self.dir.join(&hex[..2]).join(&hex[2..])
    }

    /// Every file of an object of its own: its directory's name (two digits) and its own.
    fn names(&self) -> Result<Vec<(String, String)>, Problem> {
        let mut all = Vec::new();
        for dir in list(&self.dir)? {
            if dir.len() == 2 {
                all.extend(list(&self.dir.join(&dir))?.into_iter().map(|name| (dir.clone(), name)));
            }
        }
        Ok(all)
    }

    /// Sets a damaged object aside, so that it is missing and will be brought again.
    fn damaged(&self, hash: &Hash) -> Problem {
        let path = self.path(hash);
        let aside = path.with_extension("damaged");
        if let Err(error) = fs::rename(&path, &aside) {
            return failed(&path, error);
        }
        problem!(Failed, "tree-object-damaged", hash = hash.to_string())
    }
}

/// Makes a directory that the group may use, whatever the umask; bits it inherits (setgid) stay.
fn make_dir(dir: &Utf8Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent()
        && !parent.as_str().is_empty()
    {
        make_dir(parent)?;
    }
    match DirBuilder::new().mode(0o770).create(dir) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(e),
        Ok(()) => {
            let mode = fs::metadata(dir)?.permissions().mode();
            fs::set_permissions(dir, Permissions::from_mode(mode & 0o7777 | 0o070))
        }
    }
}

fn list(dir: &Utf8Path) -> Result<Vec<String>, Problem> {
    let name = |e: io::Result<fs::DirEntry>| Ok(e?.file_name().to_string_lossy().into_owned());
    fs::read_dir(dir).and_then(|entries| entries.map(name).collect()).map_err(|e| failed(dir, e))
}

fn gone(path: &Utf8Path) -> Result<(), Problem> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(path, e)),
        _ => Ok(()),
    }
}
