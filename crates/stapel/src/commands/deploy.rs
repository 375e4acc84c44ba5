use stapel_release::Release;
use stapel_text::{Problem, problem};

use super::plan::Saved;
use super::release::{Manner, carry_out, exit_code, run_plan};
use crate::args::{Deploy, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// How many files are named in a refusal.
const NAMED: usize = 10;

/// Puts the project as it is here in service at the target, or what a saved plan says.
pub(crate) async fn run(place: &Place, args: &Deploy, screen: &Screen) -> Result<u8, Problem> {
    let release = match &args.plan {
        Some(file) => saved(place, args, Saved::read(file)?, screen).await?,
        None => deploy(place, args, screen).await?,
    };
    Ok(exit_code(release.as_ref()))
}

/// The project as it is here; also for `stapel demo`, which looks at the release afterwards.
pub(super) async fn deploy(place: &Place, args: &Deploy, screen: &Screen) -> Result<Option<Release>, Problem> {
    let mut project = Project::open(place, screen)?;
    if args.no_cache {
        project.without_cache();
    }
    project.also_check(&args.check)?;
    project.may_begin(args.in_quiet_hours)?;
    // The way to the host takes as long as reading the tree does.
    let (tree, client) = tokio::join!(project.tree(), Client::open(&project, screen));
    let tree = tree?;
    if let Some(refused) = uncommitted(&tree.uncommitted).filter(|_| !args.allow_dirty) {
        return Err(refused);
    }
    let mut client = client?;
    let ask = client.bring(&project, &tree, screen).await?;
    let may_begin = || project.may_begin(args.in_quiet_hours);
    let manner = Manner { yes: args.yes, quiet: args.quiet, may_begin: &may_begin };
    carry_out(&mut client, ask, Some(&tree), manner, screen).await
}

/// The problem with a tree that is not as its commit has it.
pub(super) fn uncommitted(uncommitted: &[String]) -> Option<Problem> {
    let files = uncommitted.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let count = uncommitted.len();
    (count > 0).then(|| problem!(Refused, "cli-uncommitted", count = count, files = files))
}

/// What was planned before: its tree is on the host since then. It was looked at then, so nobody is asked again.
async fn saved(place: &Place, args: &Deploy, saved: Saved, screen: &Screen) -> Result<Option<Release>, Problem> {
    let project = saved.project(place, screen)?;
    if let Some(refused) = uncommitted(&saved.uncommitted).filter(|_| !args.allow_dirty) {
        return Err(refused);
    }
    project.may_begin(args.in_quiet_hours)?;
    let mut client = Client::open(&project, screen).await?;
    let (plan, observation, recovered) = client.plan(saved.ask.clone(), true).await?;
    recovered.iter().for_each(|release| screen.recovered(release));
    if plan.fingerprint() != saved.fingerprint {
        return Err(problem!(Refused, "agent-plan-changed"));
    }
    screen.plan(&plan, &observation, None);
    run_plan(&mut client, saved.ask, &plan, screen).await
}
