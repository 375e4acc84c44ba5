use std::time::Duration;

use stapel_probe::baseline::{Baseline, Verdict, compare};
use stapel_release::StepContext;
use stapel_text::{Problem, Text, problem, text};
use tokio::time::MissedTickBehavior;

use super::observer::Observer;
use crate::Site;

/// The fact that holds the baseline.
pub(crate) const BASELINE: &str = "baseline";
/// How often a baseline looks: enough to tell what answers usually take.
const LOOKS: u32 = 10;
/// How often, if nothing else is to be done.
const AT_LEAST: u32 = 3;
/// How long a baseline may take, once it has looked [`AT_LEAST`] times.
const BOUND: Duration = Duration::from_secs(3);
/// The pause between its looks, at most.
const PAUSE: Duration = Duration::from_millis(200);
/// How many looks in a row of the watch may fail to be made.
const BLIND_LOOKS: u32 = 3;

/// Looks at the app as it is, for the watch to compare with.
pub(crate) async fn baseline(site: &Site, cx: &StepContext<'_>) -> Result<(), Problem> {
    let mut observer = Observer::new(site)?;
    let begun = tokio::time::Instant::now();
    let mut tick = tokio::time::interval(PAUSE.min(site.config.watch.every / LOOKS).max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    observer.feel().await?;
    for look in 0..LOOKS {
        if look >= AT_LEAST && begun.elapsed() > BOUND {
            break;
        }
        tick.tick().await;
        observer.ask().await?;
    }
    observer.feel().await?;
    observer.read_back().await?;
    observer.unread().for_each(|words| cx.say(words));
    let baseline = Baseline::gather(observer.seen);
    for (check, _) in baseline.checks.iter().filter(|(_, seen)| seen.ok == 0) {
        cx.say(text!("agent-baseline-broken", check = check));
    }
    cx.set_fact_once(BASELINE, &baseline)
}

/// Compares the app with its baseline for the time of the watch.
///
/// # Errors
/// `agent-watch-worse` as soon as it is worse, with the reasons.
pub(crate) async fn watch(site: &Site, cx: &StepContext<'_>) -> Result<(), Problem> {
    let Some(baseline) = cx.fact::<Baseline>(BASELINE)? else { return Ok(()) };
    let watch = &site.config.watch;
    let begun = tokio::time::Instant::now();
    let mut observer = Observer::new(site)?;
    observer.begin().await?;
    let mut tick = tokio::time::interval(watch.every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut blind = 0;
    loop {
        tick.tick().await;
        let gone = begun.elapsed();
        observer.seen.over = gone >= watch.duration;
        match look(&mut observer).await {
            Ok(()) => {
                blind = 0;
                observer.unread().for_each(|words| cx.say(words));
                if let Verdict::Worse(reasons) = compare(&baseline, &observer.seen) {
                    return Err(worse(cx, reasons));
                }
            }
            // One look that could not be made says nothing about the app.
            Err(problem) if blind >= BLIND_LOOKS => return Err(problem),
            Err(_) => blind += 1,
        }
        cx.progress(gone.min(watch.duration).as_secs(), watch.duration.as_secs());
        if gone >= watch.duration {
            cx.say(text!("agent-watch-done", looks = observer.seen.looks.len()));
            let answers = observer.seen.traffic.all;
            if answers.requests > 0 {
                let errors = answers.server_errors.to_string();
                cx.say(text!("agent-watch-requests", count = answers.requests, errors = errors));
            }
            return Ok(());
        }
    }
}

async fn look(observer: &mut Observer<'_>) -> Result<(), Problem> {
    observer.ask().await?;
    observer.feel().await?;
    observer.read_on().await
}

/// All reasons are told; the first is the problem.
fn worse(cx: &StepContext<'_>, reasons: Vec<Text>) -> Problem {
    let count = reasons.len();
    let mut reasons = reasons.into_iter();
    let first = reasons.next().unwrap_or_else(|| text!("agent-watch-no-reason"));
    reasons.for_each(|more| cx.say(more));
    problem!(Failed, "agent-watch-worse", count = count, first = first)
}
