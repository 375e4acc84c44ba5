//! Locks of git's own. A git that is killed leaves them, and from then on every other one refuses to work.

use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use crate::Checkout;

/// Below `.git`: what is not looked into. There are many, and locks elsewhere.
const SKIPPED: [&str; 3] = ["objects", "lfs", "hooks"];

impl Checkout {
    /// Takes away the locks that a git of ours has left which was killed: those of its account made since it was begun, where no
    /// git works in the checkout any more. Those of others stay: git itself refuses where one of them matters.
    ///
    /// # Errors
    /// `git-locked` where a git is at work; `io-failed`.
    pub fn break_locks(&self, since: SystemTime) -> Result<(), Problem> {
        break_locks(self.git.root(), since, self.git.uid())
    }
}

fn break_locks(root: &Utf8Path, since: SystemTime, uid: u32) -> Result<(), Problem> {
    let mut locks = locks(&root.join(".git"), uid);
    locks.retain(|(_, made)| made.is_some_and(|made| made >= since));
    let Some((first, _)) = locks.first() else { return Ok(()) };
    if let Some(pid) = at_work(root) {
        return Err(problem!(Failed, "git-locked", lock = first.as_str(), pid = pid.to_string()));
    }
    for (lock, _) in &locks {
        match std::fs::remove_file(lock) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(problem!(Failed, "io-failed", path = lock.as_str(), error = e));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The locks of an account below this directory, with the time when each was made.
fn locks(dir: &Utf8Path, uid: u32) -> Vec<(Utf8PathBuf, Option<SystemTime>)> {
    let mut found = Vec::new();
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
        let Ok(about) = entry.path().symlink_metadata() else { continue };
        if about.is_dir() && !SKIPPED.contains(&entry.file_name()) {
            found.extend(locks(entry.path(), uid));
        } else if about.is_file() && entry.file_name().ends_with(".lock") && about.uid() == uid {
            found.push((entry.path().to_owned(), about.modified().ok()));
        }
    }
    found
}

/// A git that works in this directory or below it, or on it from elsewhere.
fn at_work(root: &Utf8Path) -> Option<i32> {
    let real = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    stapel_host::processes().find(|pid| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.trim() != "git" && !name.starts_with("git-") {
            return false;
        }
        let there = match std::fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(cwd) => cwd.starts_with(&real),
            // Another one's, who does not let us look: it may be there.
            Err(e) => e.kind() == std::io::ErrorKind::PermissionDenied,
        };
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        // A path may stand behind an option's name.
        let named = |word: &str| {
            let path = Utf8Path::new(word.split_once('=').map_or(word, |(_, path)| path));
            path.starts_with(&real) || path.starts_with(root)
        };
        there || line.split('\0').any(named)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    fn me() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    fn repository() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
        let made = Command::new("git").args(["init", "--quiet"]).current_dir(&root).status().unwrap();
        assert!(made.success());
        (dir, root)
    }

    #[test]
    fn a_lock_of_a_dead_one_goes_and_another_ones_stays() {
        let (_dir, root) = repository();
        let (before, lock) = (SystemTime::now() - Duration::from_secs(1), root.join(".git/index.lock"));
        break_locks(&root, before, me()).unwrap();
        let branch = root.join(".git/refs/heads/main.lock");
        for lock in [&lock, &branch] {
            std::fs::write(lock, "").unwrap();
        }
        break_locks(&root, before, me()).unwrap();
        assert!(!lock.exists() && !branch.exists());

        std::fs::write(&lock, "").unwrap();
        // Another one's is none of our business: a `git reset` may not need it.
        let later = SystemTime::now() + Duration::from_secs(60);
        break_locks(&root, later, me()).unwrap();
        assert!(lock.exists());
        break_locks(&root, before, me() + 1).unwrap();
        assert!(lock.exists());
    }

    #[test]
    fn while_a_git_works_there_no_lock_is_touched() {
        let (_dir, root) = repository();
        let (before, lock) = (SystemTime::now() - Duration::from_secs(1), root.join(".git/index.lock"));
        std::fs::write(&lock, "").unwrap();
        let mut git = Command::new("git");
        git.args(["cat-file", "--batch"]).current_dir(&root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = git.spawn().unwrap();
        // Once it answers it is at work.
        let (mut input, mut answer) = (git.stdin.take().unwrap(), String::new());
        input.write_all(b"nothing\n").unwrap();
        BufReader::new(git.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
        assert_eq!(answer, "nothing missing\n");
        let refused = break_locks(&root, before, me()).unwrap_err();
        assert!(refused.to_string().contains(&git.id().to_string()), "{refused}");
        assert!(lock.exists());
        // Its input ends.
        drop(input);
        git.wait().unwrap();
        break_locks(&root, before, me()).unwrap();
        assert!(!lock.exists());
    }
}
