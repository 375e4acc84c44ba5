use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use testkit::{Flavour, convertik, http};

use super::median;
use super::sick::Sick;

/// How often it is asked who answers.
const EVERY: Duration = Duration::from_millis(5);
/// Long enough for what is wrong to show.
const WATCH_S: u64 = 60;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Releases in each case, of which the median is taken
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
}

#[derive(Serialize)]
struct Row {
    bench: &'static str,
    case: &'static str,
    flavour: String,
    /// From the verdict, or the command, until nobody is answered by the version that goes any more.
    seconds: f64,
    /// What the app itself takes to start and to be ready; none where it stands by.
    start_s: Option<f64>,
    times: u32,
}

/// How long the way back takes: by the former version that stands by, and by command afterwards.
pub(super) fn run(args: &Args) -> Result<()> {
    for flavour in [Flavour::Bookworm, Flavour::Trixie] {
        let mut sick = Sick::new(flavour, &format!("bench-back-{flavour}"), WATCH_S)?;
        let mut watched = Vec::new();
        for _ in 0..args.times {
            watched.push(in_the_watch(&mut sick)?);
        }
        let mut later = Vec::new();
        let mut starts = Vec::new();
        for _ in 0..args.times {
            let (seconds, start) = afterwards(&mut sick)?;
            later.push(seconds);
            starts.push(start);
        }
        let row = |case, seconds, start_s| {
            let (bench, flavour) = ("rollback", flavour.to_string());
            Row { bench, case, flavour, seconds, start_s, times: args.times }
        };
        for row in [row("watch", median(watched), None), row("command", median(later), Some(median(starts)))] {
            if args.json {
                println!("{}", serde_json::to_string(&row)?);
            } else {
                let start = row.start_s.map_or(String::new(), |s| format!(", the app's own start {s:.2} s"));
                println!("{:>8} {:<9} {:.2} s{start}", row.case, row.flavour, row.seconds);
            }
        }
    }
    Ok(())
}

/// From the verdict of the watch.
fn in_the_watch(sick: &mut Sick) -> Result<f64> {
    let (told, last) = asking(sick, |sick| sick.release(Some("fails")))?;
    let verdict = told.when(|event| event["event"] == "going_back").context("it did not go back")?;
    Ok(last.saturating_duration_since(verdict).as_secs_f64())
}

/// From the command, of a release that has ended.
fn afterwards(sick: &mut Sick) -> Result<(f64, f64)> {
    let told = sick.release(None)?;
    ensure!(told.code == 0, "the release: {}", told.end());
    let begun = Instant::now();
    let (told, last) = asking(sick, |sick| sick.tell(&["rollback", "--yes", "--json"]))?;
    ensure!(told.code == 0, "the rollback: {}", told.end());
    // All that this phase does is to start the app and to wait until it is ready.
    let candidate = told.steps("phase", "candidate")?[0];
    let (from, to) = (told.step_at(candidate, "doing"), told.step_at(candidate, "done"));
    let start = to.context("no candidate")?.saturating_duration_since(from.context("no candidate")?);
    Ok((last.saturating_duration_since(begun).as_secs_f64(), start.as_secs_f64()))
}

/// Does something, and says when the version that was released last answered last, on any way in.
fn asking<T>(sick: &mut Sick, what: impl FnOnce(&mut Sick) -> Result<T>) -> Result<(T, Instant)> {
    let ip = IpAddr::V4(sick.operator.server().ip());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asked: Vec<_> = [80, convertik::PORT]
            .map(|port| {
                let over = &over;
                scope.spawn(move || {
                    let mut answers = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        if let Ok(answer) = http::get(ip, port, convertik::DOMAIN, "/health") {
                            answers.push((Instant::now(), answer.body));
                        }
                        std::thread::park_timeout(EVERY);
                    }
                    answers
                })
            })
            .into();
        let result = what(sick);
        over.store(true, Ordering::Relaxed);
        let goes = sick.version();
        let mut last = None;
        for asked in asked {
            let answers = asked.join().map_err(|_| anyhow::anyhow!("asking died"))?;
            let of = answers.into_iter().filter(|(_, body)| body.contains(&format!("\"{goes}\"")) || body == "failed");
            last = last.max(of.map(|(at, _)| at).next_back());
        }
        Ok((result?, last.context("it never answered")?))
    })
}
