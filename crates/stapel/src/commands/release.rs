//! What deploy, rollback and attach have in common: show the plan, ask, start, follow.

use std::io::IsTerminal;

use stapel_agent::protocol::Ask;
use stapel_core::plan::Plan;
use stapel_release::Release;
use stapel_text::{Class, Problem, problem};

use crate::client::Client;
use crate::render::Screen;
use crate::source::Brought;

/// How a release is begun.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    /// Without asking.
    pub(super) yes: bool,
    /// Without showing the plan.
    pub(super) quiet: bool,
    /// Asked again once a person has agreed.
    pub(super) may_begin: &'a dyn Fn() -> Result<(), Problem>,
}

/// Plans, shows, asks, and runs the release to its end. `None`: there was nothing to do.
pub(super) async fn carry_out(
    client: &mut Client,
    ask: Ask,
    brought: Option<&Brought>,
    manner: Manner<'_>,
    screen: &Screen,
) -> Result<Option<Release>, Problem> {
    let (plan, observation, recovered) = client.plan(ask.clone(), true).await?;
    recovered.iter().for_each(|release| screen.recovered(release));
    if !manner.quiet {
        let since = match brought {
            Some(brought) => brought.since(&observation).await,
            None => None,
        };
        screen.plan(&plan, &observation, since.as_ref());
    }
    if !plan.is_empty() && !manner.yes {
        agreed(screen)?;
        // It may have become another hour since.
        (manner.may_begin)()?;
    }
    run_plan(client, ask, &plan, screen).await
}

/// Runs a release of this plan to its end. `None`: there is nothing to do.
pub(super) async fn run_plan(
    client: &mut Client,
    ask: Ask,
    plan: &Plan,
    screen: &Screen,
) -> Result<Option<Release>, Problem> {
    if plan.is_empty() {
        return Ok(None);
    }
    // From here on a line that is cut says nothing about the release.
    let started = client.start(ask, plan).await;
    let release = started.map_err(|why| match why.class {
        Class::Failed
            if why.code() == "cli-agent-gone" || why.code() == "timed-out" || why.code().starts_with("wire-") =>
        {
            problem!(Detached, "cli-start-unknown").because(why)
        }
        _ => why,
    })?;
    follow(client, release, screen).await.map(Some)
}

/// Shows a release until it has ended. Ctrl-C, a hang-up and a cut line detach the screen and nothing else.
pub(super) async fn follow(client: &mut Client, release: u64, screen: &Screen) -> Result<Release, Problem> {
    let detached = || problem!(Detached, "cli-detached", release = release.to_string());
    let plan = match client.release(release).await {
        Ok(found) => found.plan,
        Err(why) if why.class == Class::Failed => return Err(detached().because(why)),
        Err(why) => return Err(why),
    };
    let mut view = screen.view(release, &plan);
    let ended = tokio::select! {
        ended = client.follow(release, |recorded| view.event(recorded)) => ended,
        () = interrupted() => return Err(detached()),
    };
    match ended {
        Ok(ended) if ended.outcome.is_some() => {
            view.end(&ended);
            Ok(ended)
        }
        Ok(_) => Err(problem!(Detached, "cli-died", release = release.to_string())),
        Err(problem) if problem.class == Class::Failed => Err(detached().because(problem)),
        Err(problem) => Err(problem),
    }
}

/// The exit code of a release that was followed to its end; nothing to do is well, too.
pub(super) fn exit_code(release: Option<&Release>) -> u8 {
    release.and_then(|r| r.outcome).map_or(0, stapel_release::Outcome::exit_code)
}

/// The release that is meant: the one named, else the newest.
pub(super) async fn which(client: &mut Client, asked: Option<u64>) -> Result<u64, Problem> {
    match asked {
        Some(release) => Ok(release),
        None => client.history(1).await?.first().map(|r| r.id).ok_or_else(|| problem!(Usage, "cli-no-release")),
    }
}

/// Asks whether to go on.
pub(super) fn agreed(screen: &Screen) -> Result<(), Problem> {
    if !std::io::stdin().is_terminal() {
        return Err(problem!(Usage, "cli-not-agreed-no-terminal"));
    }
    screen.ask();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let yes = ["y", "yes", "д", "да"].contains(&answer.trim().to_lowercase().as_str());
    if read.is_ok() && yes { Ok(()) } else { Err(problem!(Refused, "cli-not-agreed")) }
}

/// Until Ctrl-C, a hang-up or an order to end.
pub(super) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut all = Vec::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        if let Ok(stream) = signal(kind) {
            all.push(stream);
        }
    }
    match all.as_mut_slice() {
        [a, b, c] => tokio::select! { _ = a.recv() => {}, _ = b.recv() => {}, _ = c.recv() => {} },
        _ => std::future::pending().await,
    }
}
