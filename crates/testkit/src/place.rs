use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Where the test world keeps its small files on this machine (locks, keys, ssh configs): one directory per user.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn place() -> Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("stapel-testkit-{}", rustix::process::getuid().as_raw()));
    private_dir(dir)
}

/// Makes a directory that only its owner can enter.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn private_dir(dir: PathBuf) -> Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .with_context(|| format!("failed to make {}", dir.display()))?;
    Ok(dir)
}

/// Holds off other test processes from the same work (making images, starting dockerd) until the file is dropped.
///
/// # Errors
/// When the lock file cannot be made or locked.
pub(crate) fn lock(name: &str) -> Result<File> {
    let path = place()?.join(format!("{name}.lock"));
    let file = File::create(&path).with_context(|| format!("failed to make {}", path.display()))?;
    file.lock().with_context(|| format!("failed to lock {}", path.display()))?;
    Ok(file)
}
