//! What git knows of the project on the operator's machine.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use stapel_host::{Command, Finished};
use stapel_text::{Problem, problem};
use stapel_tree::{Manifest, Rules};

/// What is put behind a commit from which the tree differed.
const DIRTY: &str = "-dirty";
/// How many commits are listed at most.
const LISTED: &str = "200";

/// A git repository, as seen from the directory that is shipped.
pub(crate) struct Repository {
    root: Utf8PathBuf,
    /// The commit that is checked out; `None` in a repository without one.
    head: Option<String>,
    /// The first line of its message.
    subject: Option<String>,
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
    /// Whether it is the one that is checked out, with nothing besides.
    pub(crate) same: bool,
    /// Whether this repository has it.
    pub(crate) known: bool,
    /// What comes.
    pub(crate) new: Commits,
    /// What is in service and goes: the branch is another one, or went back.
    pub(crate) gone: Commits,
}

/// Some commits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Commits {
    /// How many.
    pub(crate) count: usize,
    /// The newest of them, newest first.
    pub(crate) newest: Vec<Commit>,
}

impl Repository {
    /// The repository that this directory is in, if it is in one.
    ///
    /// # Errors
    /// `cli-git` where there is one that git does not let us look at: what it would tell is not to be passed over.
    pub(crate) async fn of(root: &Utf8Path) -> Result<Option<Self>, Problem> {
        let inside = root.ancestors().any(|dir| dir.join(".git").exists());
        let asked = match git(root, &["rev-parse", "--show-prefix"]).await {
            Ok(asked) => asked,
            // There is no git on this machine.
            Err(_) if !inside => return Ok(None),
            Err(why) => return Err(why),
        };
        if asked.code != 0 {
            let none = asked.stderr.contains("not a git repository") && !inside;
            return if none { Ok(None) } else { Err(refused(&asked)) };
        }
        let prefix = asked.stdout.trim_end_matches('\n').to_owned();
        let head = git(root, &["rev-parse", "--verify", "--quiet", "HEAD"]).await?;
        let head = (head.code == 0).then(|| head.stdout.trim().to_owned());
        let subject = match head {
            Some(_) => {
                let said =
                    git(root, &["log", "--no-show-signature", "--max-count", "1", "--format=%s", "HEAD"]).await?;
                (said.code == 0).then(|| said.stdout.trim().to_owned())
            }
            None => None,
        };
        Ok(Some(Self { root: root.to_owned(), head, subject, prefix }))
    }

    /// The first line of the message of the commit that is checked out.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The commit that a release of this tree comes from; it says so where something in it is not committed.
    pub(crate) fn commit(&self, uncommitted: &[String]) -> Option<String> {
        self.head.as_ref().map(|head| format!("{head}{}", if uncommitted.is_empty() { "" } else { DIRTY }))
    }

    /// What is shipped, or would be removed on the host, and is not as the commit has it; relative to the directory. What git
    /// is told to ignore is not among it.
    ///
    /// # Errors
    /// `cli-git`, `tree-pattern-bad`.
    pub(crate) async fn uncommitted(&self, shipped: &Manifest, rules: &Rules) -> Result<Vec<String>, Problem> {
        let options =
            ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=none", "--", "."];
        let said = git(&self.root, &options).await?;
        if said.code != 0 {
            return Err(refused(&said));
        }
        let mut found = Vec::new();
        let mut entries = said.stdout.split('\0');
        while let Some(entry) = entries.next() {
            let (Some(state), Some(path)) = (entry.get(..2), entry.get(3..)) else { continue };
            // A rename has the former name behind it.
            let former = if state.contains('R') { entries.next() } else { None };
            for (path, removed) in [(Some(path), state.contains('D')), (former, true)] {
                let Some(path) = path.and_then(|path| path.strip_prefix(&self.prefix)) else { continue };
                if ships(shipped, path) || (removed && !rules.excludes(path)?) {
                    found.push(path.to_owned());
                }
            }
        }
        Ok(found)
    }

    /// What lies between a deployed commit and the one that is checked out.
    pub(crate) async fn since(&self, deployed: &str) -> Since {
        let commit = deployed.trim_end_matches(DIRTY);
        let same = self.head.as_deref() == Some(deployed);
        let named = !commit.is_empty() && commit.chars().all(|c| c.is_ascii_hexdigit());
        let (new, gone) = match &self.head {
            Some(head) if named => (self.between(commit, head).await, self.between(head, commit).await),
            _ => (None, None),
        };
        let known = new.is_some() && gone.is_some();
        let (new, gone) = (new.unwrap_or_default(), gone.unwrap_or_default());
        Since { deployed: commit.to_owned(), same, known, new, gone }
    }

    /// What `to` has and `from` has not; `None` where one of them is not in this repository.
    async fn between(&self, from: &str, to: &str) -> Option<Commits> {
        let range = format!("{from}..{to}");
        let said = async |args: &[&str]| {
            let done = git(&self.root, args).await.ok()?;
            (done.code == 0).then_some(done.stdout)
        };
        let count = said(&["rev-list", "--count", &range, "--", "."]).await?.trim().parse().ok()?;
        let format = ["log", "--no-show-signature", "--max-count", LISTED, "--format=%h %s", &range, "--", "."];
        let listed = said(&format).await?;
        let commits = listed.lines().filter_map(|line| line.split_once(' '));
        let newest = commits.map(|(id, subject)| Commit { id: id.to_owned(), subject: subject.to_owned() }).collect();
        Some(Commits { count, newest })
    }
}

/// Whether this path is shipped, or something below it: git names a repository inside of another one as a whole.
fn ships(shipped: &Manifest, path: &str) -> bool {
    let below = format!("{}/", path.trim_end_matches('/'));
    let mut after = shipped.entries.range(below.clone()..);
    shipped.entries.contains_key(path) || after.next().is_some_and(|(found, _)| found.starts_with(&below))
}

fn refused(said: &Finished) -> Problem {
    problem!(Refused, "cli-git", said = said.stderr.trim())
}

/// Runs git about this directory and no other: a hook of git's has its own repository in the environment.
async fn git(root: &Utf8Path, args: &[&str]) -> Result<Finished, Problem> {
    let mut command = Command::new("git").args(["-C", root.as_str()]).args(args.iter().copied());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command = command.without_env(name);
    }
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").finish().await
}
