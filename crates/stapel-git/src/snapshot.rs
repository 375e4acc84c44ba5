use std::sync::atomic::{AtomicU32, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use stapel_text::{Problem, problem};
use stapel_tree::{Entry, Manifest, Memory, Rules};

use crate::Checkout;
use crate::checkout::links;
use crate::fetch::fetch;
use crate::git::Git;

/// How the directories begin in which trees are laid out, inside of the checkout's `.git`: on its file system, its
/// owner's, and seen by no build.
const BEGINS: &str = "stapel-tree.";

/// How a file begins in whose place git-lfs would put a content.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";

/// The tree of a commit, laid out in a directory of its own, which goes when this is dropped.
pub struct Snapshot {
    dir: Utf8PathBuf,
    /// The part of it that is meant; empty for all of it.
    below: String,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // Should it fail, the next one finds it by its name.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Snapshot {
    /// Where the tree lies.
    #[must_use]
    pub fn tree(&self) -> Utf8PathBuf {
        let all = self.dir.join("tree");
        if self.below.is_empty() { all } else { all.join(&self.below) }
    }

    /// Lays a commit's tree out, of which the part below this path is meant.
    pub(crate) async fn of(git: &Git, commit: &str, below: &str) -> Result<Self, Problem> {
        let git_dir = Utf8PathBuf::from(git.run(&["rev-parse", "--absolute-git-dir"]).await?);
        sweep(&git_dir);
        // Several of them may be wanted at once.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{BEGINS}{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let snapshot = Self { dir: git_dir.join(name), below: below.to_owned() };
        git.program("mkdir").args(["-m", "0700", snapshot.dir.as_str()]).run().await?;
        lay_out(git, commit, &snapshot.dir.join("tree"), &snapshot.dir.join("index")).await?;
        Ok(snapshot)
    }

    /// The manifest of the tree, with the permission bits that git knows: those of the files depend on who laid it out.
    ///
    /// # Errors
    /// As [`stapel_tree::scan`]; `git-lfs` where contents are not in the repository and nobody has brought them.
    pub fn manifest(&self, rules: &Rules) -> Result<Manifest, Problem> {
        let tree = self.tree();
        let mut manifest = stapel_tree::scan(&tree, rules, &Memory::none())?;
        let mut pointers = Vec::new();
        for (path, entry) in &mut manifest.entries {
            let Entry::File { mode, .. } = entry else { continue };
            *mode = if *mode & 0o100 == 0 { 0o644 } else { 0o755 };
            if begins(&tree.join(path), POINTER) {
                pointers.push(path.clone());
            }
        }
        if pointers.is_empty() {
            return Ok(manifest);
        }
        Err(problem!(Refused, "git-lfs", count = pointers.len(), files = pointers.join(", ")))
    }
}

fn begins(file: &Utf8Path, with: &[u8]) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(with.len() as u64).read_to_end(&mut head));
    read.is_ok() && head == with
}

impl Checkout {
    /// Lays a commit's tree out as a checkout would have it: filters of git's (line ends, LFS) are applied, submodules are
    /// laid out where they belong. What is checked out is not touched.
    ///
    /// # Errors
    /// `git-refused`; `git-submodule` for one that was never set up on the host; those of fetching one.
    pub async fn lay_out(&self, commit: &str) -> Result<Snapshot, Problem> {
        Snapshot::of(&self.git, commit, "").await
    }
}

async fn lay_out(git: &Git, commit: &str, tree: &Utf8Path, index: &Utf8Path) -> Result<(), Problem> {
    let mut all = vec![(git.clone(), commit.to_owned(), tree.to_owned())];
    while let Some((git, commit, tree)) = all.pop() {
        git.program("mkdir").args(["-p", tree.as_str()]).run().await?;
        let _ = std::fs::remove_file(index);
        let args = ["-c", "submodule.recurse=false", "read-tree", "--reset", "-u", &commit];
        let laid = git.command(&args).env("GIT_INDEX_FILE", index.as_str()).env("GIT_WORK_TREE", tree.as_str());
        let said = laid.finish().await?;
        if said.code != 0 {
            return Err(crate::git::refused(&said));
        }
        for (path, commit) in links(&git, &commit).await? {
            let below = git.below(&path);
            if !below.root().join(".git").exists() {
                return Err(problem!(Refused, "git-submodule", path = path));
            }
            if below.commit(&commit).await?.is_none() {
                fetch(&below, &["origin"]).await?;
            }
            let inside = tree.join(path);
            all.push((below, commit, inside));
        }
    }
    Ok(())
}

/// Takes away what processes that are dead have left.
fn sweep(git_dir: &Utf8Path) {
    let left = git_dir.read_dir_utf8().into_iter().flatten().flatten();
    for dir in left {
        let number = dir.file_name().strip_prefix(BEGINS).and_then(|rest| rest.split('.').next());
        let process = number.and_then(|number| number.parse::<i32>().ok()).map(Pid::from_raw);
        if process.is_some_and(|process| kill(process, None) == Err(Errno::ESRCH)) {
            let _ = std::fs::remove_dir_all(dir.path());
        }
    }
}
