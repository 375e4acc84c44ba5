use std::ffi::CString;
use std::fs::File;
use std::os::fd::OwnedFd;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use stapel_text::{Problem, problem};

use crate::io;
use crate::names::{check_path, split};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory below which everything stays.
///
/// Each path is walked component by component, and no component may be a link. That is stricter than `openat2` with
/// `RESOLVE_BENEATH` (a link that stays inside is refused too, so one file never has two paths) and needs no kernel that
/// has it.
pub(crate) struct Root {
    fd: OwnedFd,
    path: Utf8PathBuf,
}

/// A directory, and the names in it with what each is of.
pub(crate) type Names = (OwnedFd, Vec<(CString, FileType)>);

/// Where a walk through directories ended.
pub(crate) enum Way {
    /// At the directory.
    Open(OwnedFd),
    /// Before something that is not there.
    Missing,
    /// Before something that is not a directory; its path.
    Blocked(String),
}

impl Root {
    pub(crate) fn open(path: &Utf8Path) -> Result<Self, Problem> {
        let fd = fs::openat(CWD, path.as_std_path(), DIRECTORY, Mode::empty()).map_err(|e| io(path, e))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// As [`Root::open`]; `None` where the directory is not there.
    pub(crate) fn open_if_there(path: &Utf8Path) -> Result<Option<Self>, Problem> {
        match fs::openat(CWD, path.as_std_path(), DIRECTORY, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(io(path, e)),
        }
    }

    /// The path of something below it, for messages.
    pub(crate) fn shown(&self, path: &str) -> Utf8PathBuf {
        self.path.join(path)
    }

    /// The problem of an operation on something below it.
    pub(crate) fn io(&self, path: &str, error: impl Into<std::io::Error>) -> Problem {
        io(self.shown(path), error)
    }

    /// Walks to a directory below; the root itself is the empty path.
    pub(crate) fn walk(&self, directory: &str) -> Result<Way, Problem> {
        let mut fd = self.fd.try_clone().map_err(|e| self.io("", e))?;
        if directory.is_empty() {
            return Ok(Way::Open(fd));
        }
        check_path(directory)?;
        let mut walked = 0;
        for component in directory.split('/') {
            walked += component.len();
            fd = match fs::openat(&fd, component, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(Way::Missing),
                Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Way::Blocked(directory[..walked].to_owned())),
                Err(e) => return Err(self.io(&directory[..walked], e)),
            };
            walked += 1;
        }
        Ok(Way::Open(fd))
    }

    /// The directory in which `path` lies, where it can be reached.
    pub(crate) fn parent(&self, path: &str) -> Result<Option<OwnedFd>, Problem> {
        check_path(path)?;
        Ok(match self.walk(split(path).0)? {
            Way::Open(fd) => Some(fd),
            Way::Missing | Way::Blocked(_) => None,
        })
    }

    /// The directory in which `path` lies; what stands in the way is named.
    pub(crate) fn parent_to_write(&self, path: &str) -> Result<OwnedFd, Problem> {
        check_path(path)?;
        let directory = split(path).0;
        match self.walk(directory)? {
            Way::Open(fd) => Ok(fd),
            Way::Missing => Err(self.io(directory, Errno::NOENT)),
            Way::Blocked(at) => Err(problem!(Refused, "tree-way-blocked", path = self.shown(&at).as_str())),
        }
    }

    /// Opens a regular file for reading, never through a link. `O_NONBLOCK` so that a pipe put there meanwhile does not
    /// hold us; it means nothing for a regular file.
    pub(crate) fn open_file(&self, path: &str) -> Result<File, Problem> {
        self.open_in(&self.parent_to_write(path)?, path)
    }

    /// The same where the directory that it lies in is open.
    pub(crate) fn open_in(&self, parent: &OwnedFd, path: &str) -> Result<File, Problem> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = fs::openat(parent, split(path).1, flags, Mode::empty()).map_err(|e| self.io(path, e))?;
        Ok(File::from(fd))
    }

    /// What lies in a directory below, with its type: names that are not UTF-8 with replacement characters.
    pub(crate) fn list(&self, directory: &str) -> Result<Vec<(String, FileType)>, Problem> {
        let names = self.names(directory)?.map(|(_, names)| names).unwrap_or_default();
        Ok(names.into_iter().map(|(name, kind)| (name.to_string_lossy().into_owned(), kind)).collect())
    }

    /// What lies in a directory below, in the order of the names, with the directory; `None` where it cannot be reached.
    pub(crate) fn names(&self, directory: &str) -> Result<Option<Names>, Problem> {
        let Way::Open(fd) = self.walk(directory)? else { return Ok(None) };
        let mut all = Vec::new();
        for entry in Dir::read_from(&fd).map_err(|e| self.io(directory, e))? {
            let entry = entry.map_err(|e| self.io(directory, e))?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match stat(&fd, name) {
                    Ok(Some(stat)) => FileType::from_raw_mode(stat.st_mode),
                    Ok(None) => continue,
                    Err(e) => return Err(self.io(directory, e)),
                },
                known => known,
            };
            all.push((name.to_owned(), kind));
        }
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Some((fd, all)))
    }
}

/// What the system says about a name in a directory, without following it; `None` where nothing is.
pub(crate) fn stat<P: rustix::path::Arg>(directory: &OwnedFd, name: P) -> Result<Option<Stat>, Errno> {
    match fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(e),
    }
}
