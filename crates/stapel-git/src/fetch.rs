use stapel_host::Finished;
use stapel_text::{Problem, problem};

use crate::Checkout;
use crate::git::Git;
use crate::since::between;

/// How many commits are named in a refusal.
const NAMED: usize = 5;

/// What is to be fetched.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The branch of the remote; `None`: the one that the branch which is checked out follows.
    pub branch: Option<String>,
    /// A commit, tag or branch instead of the branch's newest commit.
    pub reference: Option<String>,
    /// Whether commits may go that are checked out now: the branch was rewritten, or they were made there.
    pub may_drop: bool,
}

impl Checkout {
    /// Fetches, and gives the commit that is wanted. No file is touched, and no branch of the checkout.
    ///
    /// # Errors
    /// Of class `Refused`: `git-no-upstream`, `git-host-key`, `git-access`, `git-fetch`, `git-no-reference`, `git-rewritten`,
    /// `git-own-commits`.
    pub async fn fetch(&self, wanted: &Wanted) -> Result<String, Problem> {
        let (remote, branch) = self.upstream(wanted.branch.as_deref()).await?;
        let followed = format!("refs/remotes/{remote}/{branch}");
        let before = self.git.commit(&followed).await?;
        fetch(&self.git, &[&remote]).await?;
        if let Some(reference) = &wanted.reference {
            return self.named(&remote, reference).await;
        }
        let missing = || problem!(Refused, "git-no-reference", reference = &branch, remote = &remote);
        let commit = self.git.commit(&followed).await?.ok_or_else(missing)?;
        if !wanted.may_drop {
            self.drops_nothing(&commit, &followed, before.as_deref()).await?;
        }
        Ok(commit)
    }

    /// The remote and its branch.
    async fn upstream(&self, branch: Option<&str>) -> Result<(String, String), Problem> {
        let followed = self.git.ask(&["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"]).await?;
        let followed = followed.stdout.trim().split_once('/').filter(|_| followed.code == 0);
        match (followed, branch) {
            (Some((remote, _)), Some(branch)) => Ok((remote.to_owned(), branch.to_owned())),
            (Some((remote, followed)), None) => Ok((remote.to_owned(), followed.to_owned())),
            (None, Some(branch)) => Ok(("origin".to_owned(), branch.to_owned())),
            (None, None) => Err(problem!(Refused, "git-no-upstream", path = self.git.root().as_str())),
        }
    }

    /// A branch of the remote, a tag, or a commit by its name, which is fetched alone if no branch has it.
    async fn named(&self, remote: &str, reference: &str) -> Result<String, Problem> {
        for name in [format!("refs/remotes/{remote}/{reference}"), format!("refs/tags/{reference}")] {
            if let Some(commit) = self.git.commit(&name).await? {
                return Ok(commit);
            }
        }
        let missing = || problem!(Refused, "git-no-reference", reference = reference, remote = remote);
        if reference.len() < 7 || !reference.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(missing());
        }
        if let Some(commit) = self.git.commit(reference).await? {
            return Ok(commit);
        }
        fetch(&self.git, &[remote, reference]).await.map_err(|_| missing())?;
        self.git.commit(reference).await?.ok_or_else(missing)
    }

    /// What is checked out is in what comes. If not, either the branch was rewritten or somebody has committed on the host.
    async fn drops_nothing(&self, commit: &str, followed: &str, before: Option<&str>) -> Result<(), Problem> {
        let Some(head) = self.head().await? else { return Ok(()) };
        if self.has(commit, &head).await? {
            return Ok(());
        }
        let lost = between(&self.git, commit, &head).await.unwrap_or_default();
        let named = lost.newest.iter().take(NAMED).map(|c| format!("{} {}", c.id, c.subject));
        let named = named.collect::<Vec<_>>().join("; ");
        let count = lost.count;
        // A refused try has fetched, too: then only git's own record of the branch knows what it had.
        let forked = self.git.ask(&["merge-base", "--fork-point", followed, "HEAD"]).await?;
        let was_there = match before {
            Some(before) if self.has(before, &head).await? => true,
            _ => forked.code == 0 && forked.stdout.trim() == head,
        };
        Err(if was_there {
            problem!(Refused, "git-rewritten", count = count, commits = named)
        } else {
            problem!(Refused, "git-own-commits", count = count, commits = named)
        })
    }

    /// Whether one commit has another among those before it.
    async fn has(&self, commit: &str, other: &str) -> Result<bool, Problem> {
        Ok(self.git.ask(&["merge-base", "--is-ancestor", other, commit]).await?.code == 0)
    }
}

/// Fetches, without asking anybody anything.
pub(crate) async fn fetch(git: &Git, what: &[&str]) -> Result<(), Problem> {
    let ssh = match std::env::var("GIT_SSH_COMMAND") {
        Ok(ssh) => ssh,
        Err(_) => match git.run(&["config", "core.sshCommand"]).await {
            Ok(ssh) if !ssh.is_empty() => ssh,
            _ => "ssh".to_owned(),
        },
    };
    let args = [&["fetch", "--quiet", "--no-recurse-submodules", "--end-of-options"], what].concat();
    let said = git.command(&args).env("GIT_SSH_COMMAND", format!("{ssh} -oBatchMode=yes")).finish().await?;
    if said.code == 0 { Ok(()) } else { Err(failed(&said)) }
}

/// Why it could not be fetched, as far as what git and ssh say tells.
fn failed(said: &Finished) -> Problem {
    let words = said.stderr.trim();
    let any = |all: &[&str]| all.iter().any(|one| words.contains(one));
    if any(&["Host key verification failed"]) {
        problem!(Refused, "git-host-key", said = words)
    } else if any(&[
        "Permission denied (",
        "could not read Username",
        "Authentication failed",
        "terminal prompts disabled",
    ]) {
        problem!(Refused, "git-access", said = words)
    } else {
        problem!(Refused, "git-fetch", said = words)
    }
}
