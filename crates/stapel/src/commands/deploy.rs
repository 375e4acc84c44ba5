use stapel_release::Release;
use stapel_text::{Problem, problem};

use super::plan::Saved;
use super::release::{Manner, carry_out, exit_code, run_plan};
use crate::args::{Deploy, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;
use crate::source::{Source, unclean};

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
    project.build_with(&args.build_arg)?;
    project.leave_out_ignored().await?;
    project.also_check(&args.check, &args.ask)?;
    project.also_in_quiet_hours(args.in_quiet_hours);
    project.may_begin()?;
    let (mut client, source) = tokio::try_join!(Client::open(&project, screen), async {
        let source = Source::of(&project, &args.commit).await?;
        match source.unclean().filter(|_| !args.allow_dirty) {
            Some(refused) => Err(refused),
            None => Ok(source),
        }
    })?;
    let brought = source.bring(&mut client, &project, screen).await?;
    if let Some(refused) = brought.unclean().filter(|_| !args.allow_dirty) {
        screen.difference(brought.difference());
        return Err(refused);
    }
    if let Some(ignored) = brought.ignored().filter(|_| !args.quiet) {
        screen.say(&ignored.what);
    }
    let may_begin = || project.may_begin();
    let manner = Manner { yes: args.yes, quiet: args.quiet, may_begin: &may_begin };
    carry_out(&mut client, brought.ask.clone(), Some(&brought), manner, screen).await
}

/// What was planned before: its tree is on the host since then. It was looked at then, so nobody is asked again.
async fn saved(place: &Place, args: &Deploy, saved: Saved, screen: &Screen) -> Result<Option<Release>, Problem> {
    let mut project = saved.project(place, screen)?;
    if let Some(refused) = unclean(&project, &saved.uncommitted).filter(|_| !args.allow_dirty) {
        return Err(refused);
    }
    project.also_in_quiet_hours(args.in_quiet_hours);
    project.may_begin()?;
    let mut client = Client::open(&project, screen).await?;
    let (plan, observation, recovered) = client.plan(saved.ask.clone(), true).await?;
    recovered.iter().for_each(|release| screen.recovered(release));
    if plan.fingerprint() != saved.fingerprint {
        return Err(problem!(Refused, "agent-plan-changed"));
    }
    screen.plan(&plan, &observation, None);
    run_plan(&mut client, saved.ask, &plan, screen).await
}
