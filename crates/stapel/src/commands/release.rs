//! What deploy, rollback and attach have in common: show the plan, ask, start, follow.

use std::io::IsTerminal;
use std::time::Duration;

use futures_util::FutureExt;
use stapel_agent::protocol::{Ask, Question};
use stapel_core::plan::Plan;
use stapel_release::{Outcome, Release};
use stapel_text::{Class, Problem, problem};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use crate::client::{Client, Followed};
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
    let unknown = |why: Problem| problem!(Detached, "cli-start-unknown").because(why);
    let release = started.map_err(|why| if is_cut(&why) { unknown(why) } else { why })?;
    follow(client, release, screen).await.map(Some)
}

/// Shows a release until it has ended, and the phases that come after it. Ctrl-C, a hang-up and a cut line detach the screen
/// and nothing else.
pub(super) async fn follow(client: &mut Client, mut release: u64, screen: &Screen) -> Result<Release, Problem> {
    let mut typed = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let ended = follow_one(client, release, &mut typed, screen).await?;
        if ended.outcome != Some(Outcome::Done) || ended.plan.later.is_empty() {
            return Ok(ended);
        }
        let next = tokio::select! {
            next = client.next(release) => next.map_err(|why| cut(release, why))?,
            () = interrupted() => return Err(detached(release)),
        };
        match next {
            Some(next) => release = next,
            None => return Ok(ended),
        }
    }
}

fn detached(release: u64) -> Problem {
    problem!(Detached, "cli-detached", release = release.to_string())
}

/// Whether the line was cut: that says nothing about the release, as what the host answers does.
fn is_cut(why: &Problem) -> bool {
    let lost = why.code() == "cli-agent-gone" || why.code() == "timed-out" || why.code().starts_with("wire-");
    why.class == Class::Failed && lost
}

fn cut(release: u64, why: Problem) -> Problem {
    if is_cut(&why) { detached(release).because(why) } else { why }
}

/// What is typed. One reader for all questions: what one of them has begun to read, no other would get.
type Typed = Lines<BufReader<Stdin>>;

async fn follow_one(client: &mut Client, release: u64, typed: &mut Typed, screen: &Screen) -> Result<Release, Problem> {
    let plan = match client.release(release).await {
        Ok(found) => found.plan,
        Err(why) if why.class == Class::Failed => return Err(detached(release).because(why)),
        Err(why) => return Err(why),
    };
    let mut view = screen.view(release, &plan);
    let (mut seen, asks) = (0, !screen.json() && std::io::stdin().is_terminal());
    loop {
        let followed = tokio::select! {
            followed = client.follow(release, seen, asks, |recorded| {
                seen = recorded.seq;
                view.event(recorded);
            }) => followed,
            () = interrupted() => return Err(detached(release)),
        };
        match followed {
            Ok(Followed::Asks(Some(question))) => {
                view.rest(true);
                tokio::select! {
                    answered = answer(client, release, &question, typed, screen) => {
                        answered.map_err(|why| cut(release, why))?;
                    }
                    () = interrupted() => return Err(detached(release)),
                }
                view.rest(false);
            }
            Ok(Followed::Asks(None)) => {}
            Ok(Followed::Ended(ended)) if ended.outcome.is_some() => {
                view.end(&ended);
                return Ok(*ended);
            }
            Ok(Followed::Ended(_)) => return Err(problem!(Detached, "cli-died", release = release.to_string())),
            Err(problem) if problem.class == Class::Failed => return Err(detached(release).because(problem)),
            Err(problem) => return Err(problem),
        }
    }
}

/// How often it is asked whether somebody else has answered.
const ANSWERED_EVERY: Duration = Duration::from_secs(1);

/// Asks the person here what a release asks, until they or somebody else have answered, or it is too late.
async fn answer(
    client: &mut Client,
    release: u64,
    question: &Question,
    typed: &mut Typed,
    screen: &Screen,
) -> Result<(), Problem> {
    // What was typed before it was asked is no answer to it.
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
    while let Some(Ok(Some(_))) = typed.next_line().now_or_never() {}
    let mut tick = tokio::time::interval(ANSWERED_EVERY);
    screen.question(&question.question);
    loop {
        tokio::select! {
            line = typed.next_line() => {
                let line = line.ok().flatten();
                let Some(line) = line else {
                    // Nobody sits here any more; somebody else may answer.
                    return still_asked(client, release, question, &mut tick).await;
                };
                let Some(yes) = yes_or_no(&line) else {
                    screen.question(&question.question);
                    continue;
                };
                return match client.answer(release, Some(question.check.clone()), yes).await {
                    // It was answered in the same moment, or is over.
                    Err(late) if late.code() == "agent-no-question" => Ok(()),
                    answered => answered.map(drop),
                };
            }
            _ = tick.tick() => {
                if client.question(release).await?.as_ref() != Some(question) {
                    screen.line("");
                    return Ok(());
                }
            }
        }
    }
}

async fn still_asked(
    client: &mut Client,
    release: u64,
    question: &Question,
    tick: &mut tokio::time::Interval,
) -> Result<(), Problem> {
    while client.question(release).await?.as_ref() == Some(question) {
        tick.tick().await;
    }
    Ok(())
}

/// What an answer means, in either language.
fn yes_or_no(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "д" | "да" => Some(true),
        "n" | "no" | "н" | "нет" => Some(false),
        _ => None,
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
    if read.is_ok() && yes_or_no(&answer) == Some(true) { Ok(()) } else { Err(problem!(Refused, "cli-not-agreed")) }
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
