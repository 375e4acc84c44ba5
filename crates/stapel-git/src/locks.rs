//! Locks of git's own. A git that is killed leaves them, and from then on every other one refuses to work.

use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use crate::Checkout;

/// Below `.git`: what is not looked into. There are many, and locks elsewhere.
const SKIPPED: [&str; 3] = ["objects", "lfs", "hooks"];

impl Checkout {
    /// Takes away the locks that a git of ours has left which was killed: those made since it was begun, where no git works in the
    /// checkout any more.
    ///
    /// # Errors
    /// `git-locked` where a lock is another one's; `io-failed`.
    pub fn break_locks(&self, since: SystemTime) -> Result<(), Problem> {
        break_locks(self.git.root(), since)
    }
}

fn break_locks(root: &Utf8Path, since: SystemTime) -> Result<(), Problem> {
    let locks = locks(&root.join(".git"));
    let Some((first, _)) = locks.first() else { return Ok(()) };
    let at_work = at_work(root);
    for (lock, made) in &locks {
        let ours = made.is_some_and(|made| made >= since);
        if !ours || at_work.is_some() {
            let pid = at_work.map_or_else(|| "–".to_owned(), |pid| pid.to_string());
            let lock = if ours { first } else { lock };
            return Err(problem!(Failed, "git-locked", lock = lock.as_str(), pid = pid));
        }
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

/// The locks below this directory, with the time when each was made.
fn locks(dir: &Utf8Path) -> Vec<(Utf8PathBuf, Option<SystemTime>)> {
    let mut found = Vec::new();
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
        let Ok(about) = entry.path().symlink_metadata() else { continue };
        if about.is_dir() && !SKIPPED.contains(&entry.file_name()) {
            found.extend(locks(entry.path()));
        } else if about.is_file() && entry.file_name().ends_with(".lock") {
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
        let there = std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&real));
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        there || [real.as_str(), root.as_str()].iter().any(|root| line.contains(root))
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

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
        break_locks(&root, before).unwrap();
        let branch = root.join(".git/refs/heads/main.lock");
        for lock in [&lock, &branch] {
            std::fs::write(lock, "").unwrap();
        }
        break_locks(&root, before).unwrap();
        assert!(!lock.exists() && !branch.exists());

        std::fs::write(&lock, "").unwrap();
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(break_locks(&root, later).unwrap_err().code(), "git-locked");
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
        let refused = break_locks(&root, before).unwrap_err();
        assert!(refused.to_string().contains(&git.id().to_string()), "{refused}");
        assert!(lock.exists());
        // Its input ends.
        drop(input);
        git.wait().unwrap();
        break_locks(&root, before).unwrap();
        assert!(!lock.exists());
    }
}
