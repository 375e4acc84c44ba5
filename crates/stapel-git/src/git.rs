use camino::{Utf8Path, Utf8PathBuf};
use nix::unistd::{Uid, User};
use stapel_host::{Command, Finished};
use stapel_text::{Problem, problem};

/// Variables by which git is about another repository than the one of its directory: a hook of git's has them.
const ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

/// git, about the repository of one directory and no other.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    root: Utf8PathBuf,
    /// As whom it runs, if not as us.
    account: Option<User>,
}

impl Git {
    /// As us.
    pub(crate) fn here(root: &Utf8Path) -> Self {
        Self { root: root.to_owned(), account: None }
    }

    /// As the one to whom the repository belongs, where root may choose: the keys for its remote are theirs, what git writes
    /// has to stay theirs, and what their configuration has git run must not be run by root.
    pub(crate) fn of_owner(root: &Utf8Path) -> Result<Self, Problem> {
        use std::os::unix::fs::MetadataExt;
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = root.as_str(), error = e);
        let (owner, we) = (root.join(".git").metadata().map_err(failed)?.uid(), rustix::process::geteuid());
        let account = if we.is_root() && owner != 0 {
            User::from_uid(Uid::from_raw(owner)).map_err(|e| failed(e.into()))?
        } else {
            None
        };
        Ok(Self { root: root.to_owned(), account })
    }

    /// The same about a directory below.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self { root: self.root.join(path), account: self.account.clone() }
    }

    /// The account that it runs as.
    pub(crate) fn uid(&self) -> u32 {
        self.account.as_ref().map_or_else(nix::unistd::geteuid, |user| user.uid).as_raw()
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// A command of this program as that account, in the directory.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program).current_dir(&self.root).env("LC_ALL", "C");
        if let Some(user) = &self.account {
            let home = user.dir.as_os_str();
            command = command.account(user.uid.as_raw(), user.gid.as_raw()).env("HOME", home);
            command = command.env("USER", &user.name).env("LOGNAME", &user.name);
        }
        command
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let command = ELSEWHERE.iter().fold(self.program("git"), |command, name| command.without_env(name));
        // Nobody is there who could be asked for a password.
        command.args(args.iter().copied()).env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0")
    }

    /// What it says, whatever its exit code.
    pub(crate) async fn ask(&self, args: &[&str]) -> Result<Finished, Problem> {
        self.command(args).finish().await
    }

    /// What it puts out, without the line end.
    ///
    /// # Errors
    /// `git-refused` with what it said.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<String, Problem> {
        let said = self.ask(args).await?;
        if said.code == 0 { Ok(said.stdout.trim_end_matches('\n').to_owned()) } else { Err(refused(&said)) }
    }

    /// The commit that something names; `None` where there is none.
    pub(crate) async fn commit(&self, name: &str) -> Result<Option<String>, Problem> {
        let name = format!("{name}^{{commit}}");
        let said = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).await?;
        Ok((said.code == 0).then(|| said.stdout.trim().to_owned()))
    }

    /// The first line of a commit's message.
    pub(crate) async fn subject(&self, commit: &str) -> Result<Option<String>, Problem> {
        let said = self.ask(&["log", "--no-show-signature", "--max-count", "1", "--format=%s", commit, "--"]).await?;
        Ok((said.code == 0).then(|| said.stdout.trim().to_owned()))
    }

    /// What git says of the files, with those that it does not know and those that it is told to ignore, if these are wanted.
    pub(crate) async fn status(&self, unknown: bool) -> Result<Told, Problem> {
        let wanted = if unknown { "--untracked-files=all" } else { "--untracked-files=no" };
        let ignored = if unknown { "--ignored=matching" } else { "--ignored=no" };
        let args = ["status", "--porcelain=v1", "-z", wanted, ignored, "--ignore-submodules=none", "--", "."];
        Ok(Told::read(&self.run(&args).await?))
    }
}

/// What git says of the files; all paths are from the top of the repository.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Those that are not as the commit has them, and whether each is one that is not there any more.
    pub(crate) differing: Vec<(String, bool)>,
    /// Those that it is told to ignore; a directory ends with `/` and stands for all that is in it.
    pub(crate) ignored: Vec<String>,
}

impl Told {
    fn read(said: &str) -> Self {
        let mut told = Self::default();
        let mut entries = said.split('\0');
        while let Some(entry) = entries.next() {
            let (Some(state), Some(path)) = (entry.get(..2), entry.get(3..)) else { continue };
            if state == "!!" {
                told.ignored.push(path.to_owned());
                continue;
            }
            told.differing.push((path.to_owned(), state.contains('D')));
            // A rename has the former name behind it.
            let former = if state.contains('R') { entries.next() } else { None };
            told.differing.extend(former.map(|path| (path.to_owned(), true)));
        }
        told
    }
}

pub(crate) fn refused(said: &Finished) -> Problem {
    problem!(Refused, "git-refused", said = said.stderr.trim())
}
