use camino::Utf8Path;
use stapel_text::{Problem, problem};
use stapel_tree::{Manifest, Rules};

use crate::Snapshot;
use crate::git::{Git, Told, refused};
use crate::since::{DIRTY, Since, since};

/// The git repository on the operator's machine, as seen from the directory that is shipped.
pub struct Repository {
    git: Git,
    /// The commit that is checked out; `None` in a repository without one.
    head: Option<String>,
    /// The first line of its message.
    subject: Option<String>,
    /// Where the directory is in the repository: empty, or with a `/` at its end.
    prefix: String,
}

impl Repository {
    /// The repository that this directory is in, if it is in one.
    ///
    /// # Errors
    /// `git-refused` where there is one that git does not let us look at: what it would tell is not to be passed over.
    pub async fn of(root: &Utf8Path) -> Result<Option<Self>, Problem> {
        let inside = root.ancestors().any(|dir| dir.join(".git").exists());
        let git = Git::here(root);
        let asked = match git.ask(&["rev-parse", "--show-prefix"]).await {
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
        let head = git.commit("HEAD").await?;
        let subject = match &head {
            Some(head) => git.subject(head).await?,
            None => None,
        };
        Ok(Some(Self { git, head, subject, prefix }))
    }

    /// The same repository at another commit, by its name, a tag's or a branch's.
    ///
    /// # Errors
    /// `git-no-commit` where there is no such commit here; `git-refused`.
    pub async fn at(&self, reference: &str) -> Result<Self, Problem> {
        let head = self.git.commit(reference).await?;
        let head = head.ok_or_else(|| problem!(Usage, "git-no-commit", reference = reference))?;
        let subject = self.git.subject(&head).await?;
        let (git, prefix) = (self.git.clone(), self.prefix.clone());
        Ok(Self { git, head: Some(head), subject, prefix })
    }

    /// Lays out the tree of the commit, as a checkout would have it, and gives the part of it that is this directory.
    ///
    /// # Errors
    /// As [`Checkout::lay_out`](crate::Checkout::lay_out).
    pub async fn lay_out(&self) -> Result<Snapshot, Problem> {
        let head = self.head.as_deref().ok_or_else(|| problem!(Usage, "git-no-commit", reference = "HEAD"))?;
        let top = self.git.run(&["rev-parse", "--show-toplevel"]).await?;
        let top = Git::here(Utf8Path::new(top.trim_end_matches('\n')));
        Snapshot::of(&top, head, self.prefix.trim_end_matches('/')).await
    }

    /// The first line of the message of the commit that is checked out.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The commit that a release of this tree comes from; it says so where something in it is not committed.
    pub fn commit(&self, uncommitted: &[String]) -> Option<String> {
        self.head.as_ref().map(|head| format!("{head}{}", if uncommitted.is_empty() { "" } else { DIRTY }))
    }

    /// What git says of the files in the directory.
    ///
    /// # Errors
    /// `git-refused`.
    pub async fn status(&self) -> Result<Status, Problem> {
        Ok(Status { told: self.git.status(true).await?, prefix: self.prefix.clone() })
    }

    /// What lies between a deployed commit and the one that is checked out.
    pub async fn since(&self, deployed: &str) -> Since {
        since(&self.git, deployed, self.head.as_deref()).await
    }
}

/// What git says of the files in a directory, as they are.
pub struct Status {
    told: Told,
    prefix: String,
}

impl Status {
    /// What is shipped, or would be removed on the host, and is not as the commit has it; relative to the directory. What git
    /// is told to ignore is not among it.
    ///
    /// # Errors
    /// `tree-pattern-bad`.
    pub fn uncommitted(&self, shipped: &Manifest, rules: &Rules) -> Result<Vec<String>, Problem> {
        let mut found = Vec::new();
        for (path, removed) in &self.told.differing {
            let Some(path) = path.strip_prefix(&self.prefix) else { continue };
            if ships(shipped, path) || (*removed && !rules.excludes(path)?) {
                found.push(path.to_owned());
            }
        }
        Ok(found)
    }

    /// What git is told to ignore, relative to the directory; a directory ends with `/` and stands for all that is in it.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        // Where the directory itself is ignored, all of it is.
        self.told.ignored.iter().filter_map(|path| match path.strip_prefix(&self.prefix) {
            Some(path) => Some(path),
            None => self.prefix.starts_with(path.as_str()).then_some(""),
        })
    }
}

/// Whether this path is shipped, or something below it: git names a repository inside of another one as a whole.
fn ships(shipped: &Manifest, path: &str) -> bool {
    let below = format!("{}/", path.trim_end_matches('/'));
    let mut after = shipped.entries.range(below.clone()..);
    shipped.entries.contains_key(path) || after.next().is_some_and(|(found, _)| found.starts_with(&below))
}
