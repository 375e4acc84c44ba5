//! Making what was written durable, one file or many at once.

use std::io;
use std::os::fd::AsFd;
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread::{JoinHandle, spawn};

/// From how many files on one call for a whole file system costs less than one for each file.
pub(crate) const MANY: usize = 16;

/// Whether each of so many files is to be made durable by itself: few are, and all where the call for a file system does not
/// exist, or does not tell of errors, as before Linux 5.8.
pub(crate) fn one_by_one(files: usize) -> bool {
    static TELLS: LazyLock<bool> =
        LazyLock::new(|| cfg!(target_os = "linux") && tells(&rustix::system::uname().release().to_string_lossy()));
    files < MANY || !*TELLS
}

fn tells(release: &str) -> bool {
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(5), Some(8))
}

/// Makes everything durable on the file system of this directory.
#[cfg(target_os = "linux")]
pub(crate) fn file_system(directory: impl AsFd) -> io::Result<()> {
    Ok(rustix::fs::syncfs(directory)?)
}

/// Never asked for: see [`one_by_one`].
#[cfg(not(target_os = "linux"))]
pub(crate) fn file_system(_: impl AsFd) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Has what is being written go to the disk while more is written, so that little is left to wait for at the end.
pub(crate) struct Ahead {
    to: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Ahead {
    /// `work` makes durable what was written until then.
    pub(crate) fn new(mut work: impl FnMut() -> io::Result<()> + Send + 'static) -> Self {
        let (to, told) = channel();
        let thread = spawn(move || {
            while told.recv().is_ok() {
                // Those that came meanwhile are meant by this one as well.
                while told.try_recv().is_ok() {}
                work()?;
            }
            Ok(())
        });
        Self { to, thread }
    }

    /// More was written.
    pub(crate) fn more(&self) {
        // One that has failed says so at the end.
        let _ = self.to.send(());
    }

    /// Waits for what is under way.
    ///
    /// # Errors
    /// What it failed with: the system tells of it once, so whoever makes the rest durable would not hear of it.
    pub(crate) fn end(self) -> io::Result<()> {
        drop(self.to);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_ahead_is_told_at_the_end() {
        let well = Ahead::new(|| Ok(()));
        (0..100).for_each(|_| well.more());
        assert!(well.end().is_ok());
        let (to, began) = channel();
        let ill = Ahead::new(move || {
            to.send(()).map_err(io::Error::other)?;
            Err(io::ErrorKind::StorageFull.into())
        });
        ill.more();
        began.recv().unwrap();
        ill.more();
        assert_eq!(ill.end().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn older_kernels_hide_errors() {
        for (release, does) in [
            ("6.18.44", true),
            ("5.8.0-rc1", true),
            ("5.10", true),
            ("5.4.0-150-generic", false),
            ("4.19", false),
            ("x", false),
        ] {
            assert_eq!(tells(release), does, "{release}");
        }
    }
}
