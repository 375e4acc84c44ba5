//! Making what was written durable, one file or many at once.

use std::io;
use std::os::fd::AsFd;
use std::sync::LazyLock;

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

#[cfg(test)]
mod tests {
    use super::*;

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
