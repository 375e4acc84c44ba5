//! What is to be released: the tree on this machine, or what the host's own git checkout fetches.

use stapel_agent::protocol::{Ask, PhaseAsk};
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
    /// What each phase of the deploy is of, in their order.
    Phases(Vec<Self>),
}

/// What is to be released, with all of it on the host.
pub(crate) struct Brought {
    /// What is to be asked for it.
    pub(crate) ask: Ask,
    /// Where it comes from, of each phase where there are several.
    lies: Vec<Lies>,
}

/// Where it comes from.
enum Lies {
    Here(Box<Tree>),
    There { since: Option<Since>, unclean: Option<Unclean> },
}

impl Source {
    /// What the configuration and the command line say.
    pub(crate) async fn of(project: &Project, asked: &Commit) -> Result<Self, Problem> {
        if project.config.source.from == SourceKind::Here && (asked.reference.is_some() || asked.allow_rewritten) {
            return Err(problem!(Usage, "cli-commit-here"));
        }
        let mut phases = Vec::new();
        for phase in &project.config.phases {
            phases.push(match (&phase.reference, project.config.source.from) {
                (Some(reference), SourceKind::Here) => Self::Tree(Box::new(project.tree_at(reference).await?)),
                (Some(reference), SourceKind::Checkout) => {
                    Self::Checkout(Commit { reference: Some(reference.clone()), ..asked.clone() })
                }
                (None, _) => Self::one(project, asked).await?,
            });
        }
        if phases.is_empty() { Self::one(project, asked).await } else { Ok(Self::Phases(phases)) }
    }

    async fn one(project: &Project, asked: &Commit) -> Result<Self, Problem> {
        match project.config.source.from {
            SourceKind::Here => Ok(Self::Tree(Box::new(project.tree().await?))),
            SourceKind::Checkout => Ok(Self::Checkout(asked.clone())),
        }
    }

    /// What is not as its commit has it, where that is known already.
    pub(crate) fn unclean(&self) -> Option<Problem> {
        match self {
            Self::Tree(tree) => uncommitted(&tree.uncommitted),
            Self::Checkout(_) => None,
            Self::Phases(all) => all.iter().find_map(Self::unclean),
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
                Ok(Brought { ask, lies: vec![Lies::Here(tree)] })
            }
            Self::Checkout(commit) => {
                let fetched = client.fetch(project, &commit, screen).await?;
                let lies = vec![Lies::There { since: fetched.since, unclean: fetched.unclean }];
                Ok(Brought { ask: fetched.ask, lies })
            }
            Self::Phases(sources) => {
                let (mut phases, mut all) = (Vec::new(), Vec::new());
                for (phase, source) in sources.into_iter().enumerate() {
                    let brought = Box::pin(source.bring(client, project, screen)).await?;
                    let Ask::Deploy { manifest, commit, subject } = brought.ask else { continue };
                    phases.push(PhaseAsk { phase, manifest, commit, subject });
                    all.extend(brought.lies);
                }
                Ok(Brought { ask: Ask::Phases { phases }, lies: all })
            }
        }
    }
}

impl Brought {
    /// The commits between what is in service and this, of the last of several phases.
    pub(crate) async fn since(&self, observation: &Observation) -> Option<Since> {
        self.lies.last()?.since(observation).await
    }

    /// Whether git tells what of it is not as a commit has it.
    pub(crate) fn is_tracked(&self) -> bool {
        self.lies.iter().all(Lies::is_tracked)
    }

    /// The files that are not as the commit has them.
    pub(crate) fn uncommitted(&self) -> &[String] {
        self.lies.iter().map(Lies::uncommitted).find(|files| !files.is_empty()).unwrap_or_default()
    }

    /// What is shipped though git is told to ignore it.
    pub(crate) fn ignored(&self) -> Option<Problem> {
        let ignored = |lies: &Lies| match lies {
            Lies::Here(tree) if !tree.ignored.is_empty() => {
                let (count, files) = (tree.ignored.len(), named(&tree.ignored));
                Some(problem!(Failed, "cli-ignored-shipped", count = count, files = files))
            }
            _ => None,
        };
        self.lies.iter().find_map(ignored)
    }

    /// What is not as its commit has it, as a problem.
    pub(crate) fn unclean(&self) -> Option<Problem> {
        self.lies.iter().find_map(Lies::unclean)
    }

    /// What was edited on the host, as git shows it; empty where nothing was.
    pub(crate) fn difference(&self) -> &str {
        self.lies.iter().map(Lies::difference).find(|said| !said.is_empty()).unwrap_or_default()
    }
}

impl Lies {
    async fn since(&self, observation: &Observation) -> Option<Since> {
        match self {
            Self::Here(tree) => {
                let deployed = observation.last.as_ref()?.commit.as_ref()?;
                Some(tree.repository.as_ref()?.since(deployed).await)
            }
            Self::There { since, .. } => since.clone(),
        }
    }

    fn is_tracked(&self) -> bool {
        match self {
            Self::Here(tree) => tree.repository.is_some(),
            Self::There { .. } => true,
        }
    }

    fn uncommitted(&self) -> &[String] {
        match self {
            Self::Here(tree) => &tree.uncommitted,
            Self::There { unclean, .. } => unclean.as_ref().map_or(&[], |unclean| &unclean.files),
        }
    }

    fn unclean(&self) -> Option<Problem> {
        match self {
            Self::Here(tree) => uncommitted(&tree.uncommitted),
            Self::There { unclean, .. } => unclean.as_ref().and_then(|unclean| edited_there(&unclean.files)),
        }
    }

    fn difference(&self) -> &str {
        match self {
            Self::There { unclean: Some(unclean), .. } => &unclean.difference,
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
