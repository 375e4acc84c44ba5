use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use rustix::fs::{self, AtFlags, Gid, Mode, OFlags, RenameFlags, Uid};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use stapel_text::{Problem, problem};

use super::{Applied, Attributes};
use crate::beneath::{Root, Way, stat};
use crate::durable::{file_system, one_by_one};
use crate::names::{split, temporary};
use crate::observe::{There, observe};
use crate::{Entry, ObjectStore};

/// Does single things below a root, each of which has happened or has not.
pub(super) struct Hand<'a> {
    pub(super) root: Root,
    pub(super) store: &'a ObjectStore,
    touched: BTreeSet<String>,
}

impl<'a> Hand<'a> {
    pub(super) fn new(root: &Utf8Path, store: &'a ObjectStore, applied: &Applied) -> Result<Self, Problem> {
        if applied.format != Applied::FORMAT {
            return Err(problem!(Failed, "tree-format-unknown", format = applied.format, known = Applied::FORMAT));
        }
        Ok(Self { root: Root::open(root)?, store, touched: BTreeSet::new() })
    }

    pub(super) fn observe(&self, path: &str) -> Result<There, Problem> {
        observe(&self.root, path)
    }

    /// Puts a file, link or directory at `path`; a file or link that is there is replaced in one moment. `was` says whose
    /// it shall be, otherwise it belongs to whom the directory around it belongs.
    pub(super) fn put(&mut self, path: &str, entry: &Entry, was: Option<Attributes>) -> Result<(), Problem> {
        let parent = self.root.parent_to_write(path)?;
        self.write(&parent, self.owner_of(&parent, path)?, path, entry, was, true)?;
        if entry.is_directory() {
            self.touched.insert(split(path).0.to_owned());
            return Ok(());
        }
        self.reveal(path)
    }

    /// Whose an open directory around this path is: user and group.
    pub(super) fn owner_of(&self, parent: &OwnedFd, path: &str) -> Result<(u32, u32), Problem> {
        let around = fs::fstat(parent).map_err(|e| self.root.io(path, e))?;
        Ok((around.st_uid, around.st_gid))
    }

    /// The first half of it, in the directory around it, which belongs to `around`: a directory is there, anything else lies
    /// beside its place under a temporary name, durable if that is wanted.
    pub(super) fn write(
        &self,
        parent: &OwnedFd,
        around: (u32, u32),
        path: &str,
        entry: &Entry,
        was: Option<Attributes>,
        durable: bool,
    ) -> Result<(), Problem> {
        let owner = was.map_or(around, |was| (was.uid, was.gid));
        let temporary = temporary(path);
        let io = |e: Errno| self.root.io(path, e);
        match entry {
            Entry::Directory => self.directory(parent, path, was.map(|w| w.mode), owner)?,
            Entry::Symlink { target } => {
                self.unlink(parent, &temporary, AtFlags::empty(), path)?;
                fs::symlinkat(target.as_str(), parent, &temporary).map_err(io)?;
                let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
                let given = fs::chownat(parent, &temporary, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
                allowed(given).map_err(io)?;
            }
            Entry::File { hash, mode, .. } => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let make = || fs::openat(parent, &temporary, flags, Mode::RUSR | Mode::WUSR);
                let made = match make() {
                    // An interrupted one left it.
                    Err(Errno::EXIST) => self.unlink(parent, &temporary, AtFlags::empty(), path).map(|()| make())?,
                    made => made,
                };
                let mut file = File::from(made.map_err(io)?);
                self.store.copy_to(hash, &mut file)?;
                let ours = (geteuid().as_raw(), getegid().as_raw());
                // What is made is ours, and of our group or that of the directory.
                if owner != ours || around.1 != ours.1 {
                    give(&file, owner).map_err(io)?;
                }
                // After the owner, whose change takes away the bits for set-user-id.
                file.set_permissions(Permissions::from_mode(*mode)).map_err(|e| self.root.io(path, e))?;
                if durable {
                    file.sync_all().map_err(|e| self.root.io(path, e))?;
                }
            }
        }
        Ok(())
    }

    /// The second half: it takes its place, in one moment.
    fn reveal(&mut self, path: &str) -> Result<(), Problem> {
        let parent = self.root.parent_to_write(path)?;
        self.touched.insert(split(path).0.to_owned());
        self.reveal_in(&parent, path)
    }

    /// The same where the directory around it is open; whoever calls says that it was touched.
    pub(super) fn reveal_in(&self, parent: &OwnedFd, path: &str) -> Result<(), Problem> {
        fs::renameat(parent, temporary(path), parent, split(path).1).map_err(|e| self.root.io(path, e))
    }

    /// The same, and `false` where something lies in its place.
    pub(super) fn reveal_new(&self, parent: &OwnedFd, path: &str) -> Result<bool, Problem> {
        let (from, name) = (temporary(path), split(path).1);
        match fs::renameat_with(parent, &from, parent, name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                let there = stat(parent, name).map_err(|e| self.root.io(path, e))?;
                if there.is_some() { Ok(false) } else { self.reveal_in(parent, path).map(|()| true) }
            }
            Err(e) => Err(self.root.io(path, e)),
        }
    }

    /// Names in this directory have changed.
    pub(super) fn touch(&mut self, directory: &str) {
        if !self.touched.contains(directory) {
            self.touched.insert(directory.to_owned());
        }
    }

    /// The file systems that these directories are on, each by one of them. Of what fails there the system tells those who had
    /// it open before.
    pub(super) fn file_systems<'p>(&self, directories: impl Iterator<Item = &'p str>) -> Result<Vec<OwnedFd>, Problem> {
        let mut devices = BTreeSet::new();
        let mut all = Vec::new();
        for directory in directories {
            let Way::Open(fd) = self.root.walk(directory)? else { continue };
            if devices.insert(fs::fstat(&fd).map_err(|e| self.root.io(directory, e))?.st_dev) {
                all.push(fd);
            }
        }
        Ok(all)
    }

    /// What lies on these file systems is durable.
    pub(super) fn settle(&self, systems: &[OwnedFd]) -> Result<(), Problem> {
        systems.iter().try_for_each(file_system).map_err(|e| self.root.io("", e))
    }

    fn directory(&self, at: &OwnedFd, path: &str, mode: Option<u32>, owner: (u32, u32)) -> Result<(), Problem> {
        let io = |e: Errno| self.root.io(path, e);
        match fs::mkdirat(at, split(path).1, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(io(e)),
        }
        let Way::Open(fd) = self.root.walk(path)? else {
            return Err(problem!(Refused, "tree-way-blocked", path = self.root.shown(path).as_str()));
        };
        give(&fd, owner).map_err(io)?;
        // Whatever the umask; a set-group-id bit that it inherited stays.
        let io = |e: std::io::Error| self.root.io(path, e);
        let dir = File::from(fd);
        let inherited = dir.metadata().map_err(io)?.permissions().mode() & 0o7000;
        dir.set_permissions(Permissions::from_mode(mode.unwrap_or(inherited | 0o755))).map_err(io)
    }

    /// Removes a file or link; one that is not there is fine.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), Problem> {
        self.take(path, AtFlags::empty())
    }

    /// Removes a directory. One that is not there is fine, and one in which something is left stays.
    pub(super) fn remove_directory(&mut self, path: &str) -> Result<(), Problem> {
        self.take(path, AtFlags::REMOVEDIR)
    }

    /// Removes what an interrupted [`Hand::put`] left.
    pub(super) fn remove_temporary(&self, path: &str) -> Result<(), Problem> {
        let Some(parent) = self.root.parent(path)? else { return Ok(()) };
        self.unlink(&parent, &temporary(path), AtFlags::empty(), path)
    }

    fn take(&mut self, path: &str, flags: AtFlags) -> Result<(), Problem> {
        let Some(parent) = self.root.parent(path)? else { return Ok(()) };
        let (directory, name) = split(path);
        self.touched.insert(directory.to_owned());
        self.unlink(&parent, name, flags, path)
    }

    fn unlink(&self, parent: &OwnedFd, name: &str, flags: AtFlags, path: &str) -> Result<(), Problem> {
        match fs::unlinkat(parent, name, flags) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
            Err(e) => Err(self.root.io(path, e)),
        }
    }

    /// Makes all new and lost names durable. Directories that are gone again are fine.
    pub(super) fn flush(&mut self) -> Result<(), Problem> {
        let touched = std::mem::take(&mut self.touched);
        if !one_by_one(touched.len()) {
            return self.settle(&self.file_systems(touched.iter().map(String::as_str))?);
        }
        for directory in touched {
            if let Way::Open(fd) = self.root.walk(&directory)? {
                fs::fsync(&fd).map_err(|e| self.root.io(&directory, e))?;
            }
        }
        Ok(())
    }

    /// Whether something lies under this name, whatever it is.
    pub(super) fn exists(&self, path: &str) -> Result<bool, Problem> {
        let Some(parent) = self.root.parent(path)? else { return Ok(false) };
        stat(&parent, split(path).1).map(|s| s.is_some()).map_err(|e| self.root.io(path, e))
    }
}

fn give(fd: impl AsFd, (uid, gid): (u32, u32)) -> Result<(), Errno> {
    allowed(fs::fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))))
}

/// Giving something away is for root; for others it stays theirs.
fn allowed(given: Result<(), Errno>) -> Result<(), Errno> {
    match given {
        Err(Errno::PERM) => Ok(()),
        other => other,
    }
}
