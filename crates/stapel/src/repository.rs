//! What git knows of the project on the operator's machine.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use stapel_host::Command;
use stapel_text::Problem;
use stapel_tree::{Manifest, Rules};

/// What is put behind a commit from which the tree differed.
const DIRTY: &str = "-dirty";
/// How many commits are listed at most.
const LISTED: &str = "200";

/// A git repository, as seen from the directory that is shipped.
pub(crate) struct Repository {
    root: Utf8PathBuf,
    /// The commit that is checked out.
    head: String,
    /// Where the directory is in the repository: empty, or with a `/` at its end.
    prefix: String,
}

/// A commit, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Commit {
    /// Its name, shortened as git does.
    pub(crate) id: String,
    /// The first line of its message.
    pub(crate) subject: String,
}

/// What lies between the commit in service and the one that is checked out, as far as it touches what is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Since {
    /// The commit in service.
    pub(crate) deployed: String,
    /// Whether this repository has it.
    pub(crate) known: bool,
    /// What comes, newest first.
    pub(crate) new: Vec<Commit>,
    /// What is in service and goes, newest first: the branch is another one, or went back.
    pub(crate) gone: Vec<Commit>,
}

impl Repository {
    /// The repository that this directory is in, if it is in one that has a commit.
    pub(crate) async fn of(root: &Utf8Path) -> Option<Self> {
        let said = git(root, &["rev-parse", "HEAD", "--show-prefix"]).await?;
        let mut lines = said.lines();
        let (head, prefix) = (lines.next()?.to_owned(), lines.next().unwrap_or_default().to_owned());
        Some(Self { root: root.to_owned(), head, prefix })
    }

    /// The commit that a release of this tree comes from; it says so where something in it is not committed.
    pub(crate) fn commit(&self, uncommitted: &[String]) -> String {
        format!("{}{}", self.head, if uncommitted.is_empty() { "" } else { DIRTY })
    }

    /// What is shipped, or would be removed on the host, and is not as the commit has it; relative to the directory.
    pub(crate) async fn uncommitted(&self, shipped: &Manifest, rules: &Rules) -> Result<Vec<String>, Problem> {
        let options = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", "."];
        let said = git(&self.root, &options).await.unwrap_or_default();
        let mut found = Vec::new();
        for entry in said.split('\0') {
            let (Some(state), Some(path)) = (entry.get(..2), entry.get(3..)) else { continue };
            let Some(path) = path.strip_prefix(&self.prefix) else { continue };
            let removed = state.contains('D') && !rules.excludes(path)?;
            if removed || shipped.entries.contains_key(path) {
                found.push(path.to_owned());
            }
        }
        Ok(found)
    }

    /// What lies between a deployed commit and the one that is checked out.
    pub(crate) async fn since(&self, deployed: &str) -> Since {
        let deployed = deployed.trim_end_matches(DIRTY).to_owned();
        let (new, gone) = (self.between(&deployed, &self.head).await, self.between(&self.head, &deployed).await);
        let known = new.is_some() && gone.is_some();
        Since { deployed, known, new: new.unwrap_or_default(), gone: gone.unwrap_or_default() }
    }

    /// What `to` has and `from` has not; `None` where one of them is not in this repository.
    async fn between(&self, from: &str, to: &str) -> Option<Vec<Commit>> {
        let range = format!("{from}..{to}");
        let options = ["log", "--max-count", LISTED, "--format=%h %s", "--end-of-options", &range, "--", "."];
        let said = git(&self.root, &options).await?;
        let commits = said.lines().filter_map(|line| line.split_once(' '));
        Some(commits.map(|(id, subject)| Commit { id: id.to_owned(), subject: subject.to_owned() }).collect())
    }
}

/// What git says; `None` where it fails: there is no git, no repository, no such commit.
async fn git(root: &Utf8Path, args: &[&str]) -> Option<String> {
    let said = Command::new("git").args(["-C", root.as_str()]).args(args.iter().copied()).finish().await.ok()?;
    (said.code == 0).then_some(said.stdout)
}
