use std::fs::File;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};
use tempfile::NamedTempFile;

/// What temporary names begin with, so that recovery can sweep them.
const TEMPORARY: &str = ".stapel-";

/// A file that appears under its name only when it is whole; 0600. Dropped before that, nothing is left.
pub(crate) struct Whole {
    temp: NamedTempFile,
    to: Utf8PathBuf,
}

impl Whole {
    pub(crate) fn new(to: &Utf8Path) -> Result<Self, Problem> {
        let dir = to.parent().filter(|d| !d.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let temp = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir).map_err(|e| failed(to, &e))?;
        // For as long as somebody writes it, so that a sweep tells it from what was left behind.
        temp.as_file().lock().map_err(|e| failed(to, &e))?;
        Ok(Self { temp, to: to.to_owned() })
    }

    /// Where it lies until it is whole.
    pub(crate) fn path(&self) -> Result<&Utf8Path, Problem> {
        Utf8Path::from_path(self.temp.path())
            .ok_or_else(|| failed(&self.to, &io::Error::from(io::ErrorKind::InvalidFilename)))
    }

    /// A second handle to write through.
    pub(crate) fn handle(&self) -> Result<File, Problem> {
        self.temp.as_file().try_clone().map_err(|e| failed(&self.to, &e))
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Problem> {
        io::Write::write_all(&mut self.temp.as_file(), bytes).map_err(|e| failed(&self.to, &e))
    }

    /// Gives it its name; what has that name already stays, and that is a problem.
    pub(crate) fn keep(self) -> Result<(), Problem> {
        self.finish(|temp, to| temp.persist_noclobber(to).map(drop).map_err(|e| e.error))
    }

    /// Gives it its name in place of what has that name.
    pub(crate) fn replace(self) -> Result<(), Problem> {
        self.finish(|temp, to| temp.persist(to).map(drop).map_err(|e| e.error))
    }

    fn finish(self, persist: impl FnOnce(NamedTempFile, &Utf8Path) -> io::Result<()>) -> Result<(), Problem> {
        let Self { temp, to } = self;
        let dir = temp.path().parent().map(ToOwned::to_owned);
        let done = || -> io::Result<()> {
            temp.as_file().sync_all()?;
            persist(temp, &to)?;
            // The name itself is only durable once the directory is.
            dir.map_or(Ok(()), |d| File::open(d)?.sync_all())
        };
        done().map_err(|e| failed(&to, &e))
    }
}

/// Removes the temporary files in a directory that nobody writes any more. No directory is fine.
pub(crate) fn sweep(dir: &Utf8Path) -> Result<(), Problem> {
    let entries = match dir.read_dir_utf8() {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(dir, &e)),
    };
    // A name that is not UTF-8 is none of ours.
    for entry in entries.flatten().filter(|e| e.file_name().starts_with(TEMPORARY)) {
        // One that is gone by now was somebody else's.
        let Ok(file) = File::open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            std::fs::remove_file(entry.path()).map_err(|e| failed(entry.path(), &e))?;
        }
    }
    Ok(())
}

pub(crate) fn failed(path: &Utf8Path, error: &io::Error) -> Problem {
    problem!(Failed, "io-failed", path = path.as_str(), error = error)
}

/// Runs what blocks where it holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(
    path: &Utf8Path,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    stapel_host::blocking(work).await.unwrap_or_else(|e| Err(failed(path, &io::Error::other(e))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_there_only_when_whole_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let to = Utf8Path::from_path(dir.path()).unwrap().join("a");
        let file = Whole::new(&to).unwrap();
        file.write(b"x").unwrap();
        assert!(!to.exists());
        file.keep().unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"x");
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_sweep_takes_what_was_left_behind_and_nothing_that_is_being_written() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        let being_written = Whole::new(&dir.join("a")).unwrap();
        std::fs::write(dir.join(".stapel-left"), "x").unwrap();
        std::fs::write(dir.join("theirs"), "x").unwrap();
        sweep(dir).unwrap();
        assert!(!dir.join(".stapel-left").exists() && dir.join("theirs").exists());
        being_written.keep().unwrap();
        sweep(&dir.join("nowhere")).unwrap();
    }

    #[test]
    fn what_has_the_name_already_stays_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let to = Utf8Path::from_path(dir.path()).unwrap().join("a");
        std::fs::write(&to, "old").unwrap();
        let file = Whole::new(&to).unwrap();
        file.write(b"new").unwrap();
        assert_eq!(file.keep().unwrap_err().code(), "io-failed");
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
