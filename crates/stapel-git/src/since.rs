use serde::{Deserialize, Serialize};

use crate::git::Git;

/// What is put behind a commit from which the tree differed.
pub(crate) const DIRTY: &str = "-dirty";
/// How many commits are listed at most.
const LISTED: &str = "200";

/// A commit, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its name, shortened as git does.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
}

/// What lies between the commit in service and another one, as far as it touches what is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The commit in service.
    pub deployed: String,
    /// Whether they are the same, with nothing besides.
    pub same: bool,
    /// Whether this repository has it.
    pub known: bool,
    /// What comes.
    pub new: Commits,
    /// What is in service and goes: the branch is another one, or went back.
    pub gone: Commits,
}

/// Some commits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commits {
    /// How many.
    pub count: usize,
    /// The newest of them, newest first.
    pub newest: Vec<Commit>,
}

/// What lies between a deployed commit and this one.
pub(crate) async fn since(git: &Git, deployed: &str, head: Option<&str>) -> Since {
    let commit = deployed.trim_end_matches(DIRTY);
    let same = head == Some(deployed);
    let named = !commit.is_empty() && commit.chars().all(|c| c.is_ascii_hexdigit());
    let (new, gone) = match head {
        // It is here, for its name was looked up.
        Some(head) if head == commit => (Some(Commits::default()), Some(Commits::default())),
        Some(head) if named => (between(git, commit, head).await, between(git, head, commit).await),
        _ => (None, None),
    };
    let known = new.is_some() && gone.is_some();
    let (new, gone) = (new.unwrap_or_default(), gone.unwrap_or_default());
    Since { deployed: commit.to_owned(), same, known, new, gone }
}

/// What `to` has and `from` has not; `None` where one of them is not in this repository.
pub(crate) async fn between(git: &Git, from: &str, to: &str) -> Option<Commits> {
    let range = format!("{from}..{to}");
    let said = async |args: &[&str]| {
        let done = git.ask(args).await.ok()?;
        (done.code == 0).then_some(done.stdout)
    };
    let count = said(&["rev-list", "--count", &range, "--", "."]).await?.trim().parse().ok()?;
    let format = ["log", "--no-show-signature", "--max-count", LISTED, "--format=%h %s", &range, "--", "."];
    let listed = said(&format).await?;
    let commits = listed.lines().filter_map(|line| line.split_once(' '));
    let newest = commits.map(|(id, subject)| Commit { id: id.to_owned(), subject: subject.to_owned() }).collect();
    Some(Commits { count, newest })
}
