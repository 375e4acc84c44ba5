use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};
use stapel_tree::Rules;

use crate::git::Git;
use crate::since::{Since, since};

/// How much of a difference is told, in lines.
const DIFFERENCE: usize = 100;

/// The git checkout on the host in which the app lies, and from whose remote new versions come.
#[derive(Debug)]
pub struct Checkout {
    pub(crate) git: Git,
}

/// What of a checkout is not as its commit has it: somebody has edited it in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclean {
    /// The files, from the top.
    pub files: Vec<String>,
    /// What is different in them, as `git diff` shows it; its first lines.
    pub difference: String,
}

impl Checkout {
    /// The checkout whose top is this directory.
    ///
    /// # Errors
    /// `git-no-checkout` where there is none, or its top is another directory; `git-refused`.
    pub async fn open(root: &Utf8Path) -> Result<Self, Problem> {
        let none = || problem!(Refused, "git-no-checkout", path = root.as_str());
        if !root.join(".git").exists() {
            return Err(none());
        }
        let git = Git::of_owner(root)?;
        let prefix = git.run(&["rev-parse", "--show-prefix"]).await?;
        if prefix.is_empty() { Ok(Self { git }) } else { Err(none()) }
    }

    /// The commit that is checked out; `None` before the first.
    ///
    /// # Errors
    /// When git cannot be run.
    pub async fn head(&self) -> Result<Option<String>, Problem> {
        self.git.commit("HEAD").await
    }

    /// What is not as the commit has it, but for what these rules leave out.
    ///
    /// # Errors
    /// `git-refused`, `tree-pattern-bad`.
    pub async fn unclean(&self, rules: &Rules) -> Result<Option<Unclean>, Problem> {
        let mut files = Vec::new();
        for (path, _) in self.git.status(false).await?.differing {
            if !rules.excludes(&path)? {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        let mut args = vec!["diff", "--no-ext-diff", "--no-color", "HEAD", "--"];
        args.extend(files.iter().map(String::as_str));
        let difference = self.git.run(&args).await?;
        let difference = difference.lines().take(DIFFERENCE).collect::<Vec<_>>().join("\n");
        Ok(Some(Unclean { files, difference }))
    }

    /// The first line of a commit's message.
    ///
    /// # Errors
    /// When git cannot be run.
    pub async fn subject(&self, commit: &str) -> Result<Option<String>, Problem> {
        self.git.subject(commit).await
    }

    /// What lies between a deployed commit and this one.
    pub async fn since(&self, deployed: &str, commit: &str) -> Since {
        since(&self.git, deployed, Some(commit)).await
    }

    /// Says to git that this commit is checked out, without touching a file: the files were put there before. The branch
    /// goes with it, as with `git pull`; so do submodules.
    ///
    /// # Errors
    /// `git-refused`.
    pub async fn point(&self, commit: &str) -> Result<(), Problem> {
        self.git.run(&["reset", "--mixed", "--quiet", commit, "--"]).await?;
        let mut all: Vec<(Git, String)> = vec![(self.git.clone(), commit.to_owned())];
        while let Some((git, commit)) = all.pop() {
            for (path, commit) in links(&git, &commit).await? {
                let below = git.below(&path);
                if below.root().join(".git").exists() {
                    below.run(&["reset", "--mixed", "--quiet", &commit, "--"]).await?;
                    all.push((below, commit));
                }
            }
        }
        Ok(())
    }
}

/// The submodules of a commit: where each lies, and at which commit it is.
pub(crate) async fn links(git: &Git, commit: &str) -> Result<Vec<(String, String)>, Problem> {
    let listed = git.run(&["ls-tree", "-r", "-z", "--full-tree", commit]).await?;
    let link = |entry: &str| {
        let (about, path) = entry.split_once('\t')?;
        let mut words = about.split(' ');
        (words.next()? == "160000").then(|| Some((path.to_owned(), words.nth(1)?.to_owned())))?
    };
    Ok(listed.split('\0').filter_map(link).collect())
}
