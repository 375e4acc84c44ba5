//! What is to be released: the tree on this machine, or what the host's own git checkout fetches.

use stapel_agent::protocol::Ask;
use stapel_core::config::SourceKind;
use stapel_core::observation::Observation;
use stapel_git::{Since, Unclean};
use stapel_text::{Problem, problem};

use crate::args::Commit;
use crate::client::Client;
use crate::project::{Project, Tree};
use crate::render::Screen;

/// How many files are named in a refusal.
const NAMED: usize = 10;

/// What is to be released, as far as it is known before the host is asked.
pub(crate) enum Source {
    /// The tree here.
    Tree(Box<Tree>),
    /// What the host fetches.
    Checkout(Commit),
}

/// What is to be released, with all of it on the host.
pub(crate) struct Brought {
    /// What is to be asked for it.
    pub(crate) ask: Ask,
    lies: Lies,
}

/// Where it comes from.
enum Lies {
    Here(Box<Tree>),
    There { since: Option<Since>, unclean: Option<Unclean> },
}

impl Source {
    /// What the configuration and the command line say.
    pub(crate) async fn of(project: &Project, asked: &Commit) -> Result<Self, Problem> {
        match project.config.source.from {
            SourceKind::Here if asked.reference.is_some() || asked.allow_rewritten => {
                Err(problem!(Usage, "cli-commit-here"))
            }
            SourceKind::Here => Ok(Self::Tree(Box::new(project.tree().await?))),
            SourceKind::Checkout => Ok(Self::Checkout(asked.clone())),
        }
    }

    /// What is not as its commit has it, where that is known already.
    pub(crate) fn unclean(&self) -> Option<Problem> {
        match self {
            Self::Tree(tree) => uncommitted(&tree.uncommitted),
            Self::Checkout(_) => None,
        }
    }

    /// Has it on the host. That harms nobody, and can be done again.
    pub(crate) async fn bring(
        self,
        client: &mut Client,
        project: &Project,
        screen: &Screen,
    ) -> Result<Brought, Problem> {
        match self {
            Self::Tree(tree) => {
                let ask = client.bring(project, &tree, screen).await?;
                Ok(Brought { ask, lies: Lies::Here(tree) })
            }
            Self::Checkout(commit) => {
                let fetched = client.fetch(project, &commit, screen).await?;
                let lies = Lies::There { since: fetched.since, unclean: fetched.unclean };
                Ok(Brought { ask: fetched.ask, lies })
            }
        }
    }
}

impl Brought {
    /// The commits between what is in service and this.
    pub(crate) async fn since(&self, observation: &Observation) -> Option<Since> {
        match &self.lies {
            Lies::Here(tree) => {
                let deployed = observation.last.as_ref()?.commit.as_ref()?;
                Some(tree.repository.as_ref()?.since(deployed).await)
            }
            Lies::There { since, .. } => since.clone(),
        }
    }

    /// Whether git tells what of it is not as a commit has it.
    pub(crate) fn is_tracked(&self) -> bool {
        match &self.lies {
            Lies::Here(tree) => tree.repository.is_some(),
            Lies::There { .. } => true,
        }
    }

    /// The files that are not as the commit has them.
    pub(crate) fn uncommitted(&self) -> &[String] {
        match &self.lies {
            Lies::Here(tree) => &tree.uncommitted,
            Lies::There { unclean, .. } => unclean.as_ref().map_or(&[], |unclean| &unclean.files),
        }
    }

    /// What is shipped though git is told to ignore it.
    pub(crate) fn ignored(&self) -> Option<Problem> {
        match &self.lies {
            Lies::Here(tree) if !tree.ignored.is_empty() => {
                let (count, files) = (tree.ignored.len(), named(&tree.ignored));
                Some(problem!(Failed, "cli-ignored-shipped", count = count, files = files))
            }
            _ => None,
        }
    }

    /// What is not as its commit has it, as a problem.
    pub(crate) fn unclean(&self) -> Option<Problem> {
        match &self.lies {
            Lies::Here(tree) => uncommitted(&tree.uncommitted),
            Lies::There { unclean, .. } => unclean.as_ref().and_then(|unclean| edited_there(&unclean.files)),
        }
    }

    /// What was edited on the host, as git shows it; empty where nothing was.
    pub(crate) fn difference(&self) -> &str {
        match &self.lies {
            Lies::There { unclean: Some(unclean), .. } => &unclean.difference,
            _ => "",
        }
    }
}

/// The problem with files that are not as their commit has them, wherever the project's commits come from.
pub(crate) fn unclean(project: &Project, files: &[String]) -> Option<Problem> {
    match project.config.source.from {
        SourceKind::Here => uncommitted(files),
        SourceKind::Checkout => edited_there(files),
    }
}

fn edited_there(files: &[String]) -> Option<Problem> {
    let count = files.len();
    (count > 0).then(|| problem!(Refused, "agent-checkout-unclean", count = count, files = named(files)))
}

/// The problem with a tree that is not as its commit has it.
fn uncommitted(uncommitted: &[String]) -> Option<Problem> {
    let count = uncommitted.len();
    (count > 0).then(|| problem!(Refused, "cli-uncommitted", count = count, files = named(uncommitted)))
}

fn named(files: &[String]) -> String {
    files.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
}
