use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_agent::protocol::Ask;
use stapel_core::config::Config;
use stapel_core::plan::Plan as Steps;
use stapel_text::{Problem, problem, text};

use crate::args::{Place, Plan};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;
use crate::source::Source;

/// Shows what a deploy would do, and keeps it for `stapel deploy FILE` where that is asked for. Content goes up, which harms
/// nobody; nothing else is changed.
pub(crate) async fn run(place: &Place, args: &Plan, screen: &Screen) -> Result<u8, Problem> {
    let mut project = Project::open(place, screen)?;
    if args.no_cache {
        project.without_cache();
    }
    project.build_with(&args.build_arg)?;
    project.leave_out_ignored().await?;
    let (mut client, source) = tokio::try_join!(Client::open(&project, screen), Source::of(&project, &args.commit))?;
    let brought = source.bring(&mut client, &project, screen).await?;
    let (plan, observation, unfinished) = client.plan(brought.ask.clone(), false).await?;
    for release in unfinished {
        screen.say(&text!("cli-plan-unfinished", release = release.id.to_string()));
    }
    screen.plan(&plan, &observation, brought.since(&observation).await.as_ref());
    let uncommitted = brought.uncommitted().to_vec();
    if !uncommitted.is_empty() {
        screen.say(&text!("cli-plan-uncommitted", count = uncommitted.len()));
        screen.difference(brought.difference());
    }
    if let Some(ignored) = brought.ignored() {
        screen.say(&ignored.what);
    }
    if let Err(quiet) = project.may_begin() {
        screen.say(&quiet.what);
    }
    if let Some(file) = &args.out {
        Saved::new(&project, uncommitted, brought.ask, plan).write(file)?;
        screen.say(&text!("cli-plan-saved", file = file.as_str()));
    }
    Ok(0)
}

/// A plan in a file: made in one job of a pipeline, looked at, carried out in another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The version of this format.
    format: u32,
    target: String,
    /// What the plan was made with, and is carried out with: what is shown is what is done.
    config: Config,
    /// What of the tree was not as its commit has it.
    pub(super) uncommitted: Vec<String>,
    /// What was asked for.
    pub(super) ask: Ask,
    /// What tells whether it still is the same.
    pub(super) fingerprint: String,
    /// For whoever reads the file.
    plan: Steps,
}

impl Saved {
    const FORMAT: u32 = 1;

    fn new(project: &Project, uncommitted: Vec<String>, ask: Ask, plan: Steps) -> Self {
        let (config, target) = (project.config.clone(), project.target.clone());
        Self { format: Self::FORMAT, target, config, uncommitted, ask, fingerprint: plan.fingerprint(), plan }
    }

    fn write(&self, file: &Utf8Path) -> Result<(), Problem> {
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = file.as_str(), error = e);
        let text = serde_json::to_string_pretty(self).map_err(|e| failed(e.into()))?;
        std::fs::write(file, text + "\n").map_err(failed)
    }

    /// Reads one that [`run`] has written.
    pub(super) fn read(file: &Utf8Path) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let text =
            std::fs::read_to_string(file).map_err(|e| problem!(Usage, "io-failed", path = file.as_str(), error = e))?;
        let not_one = |why: String| problem!(Usage, "cli-plan-file", file = file.as_str(), why = why);
        let head: Head = serde_json::from_str(&text).map_err(|e| not_one(e.to_string()))?;
        if head.format != Self::FORMAT {
            return Err(not_one(format!("format {}", head.format)));
        }
        serde_json::from_str(&text).map_err(|e| not_one(e.to_string()))
    }

    /// The project here, which has to be the one that it was made for, as it was then.
    pub(super) fn project(&self, place: &Place, screen: &Screen) -> Result<Project, Problem> {
        let target = place.target.clone().unwrap_or_else(|| self.target.clone());
        let mut project = Project::open(&Place { target: Some(target.clone()), ..place.clone() }, screen)?;
        if project.config.app != self.config.app || target != self.target {
            let (app, target) = (&self.config.app, &self.target);
            return Err(problem!(Usage, "cli-plan-elsewhere", app = app, target = target));
        }
        project.config = self.config.clone();
        // What it names must be here, too.
        project.config.needs(&project.secrets)?;
        Ok(project)
    }
}
