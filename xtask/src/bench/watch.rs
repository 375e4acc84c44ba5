use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use stapel_load::{Arrivals, Load, Plan, Shape};
use testkit::{Flavour, convertik};

use super::sick::Sick;

/// What may be wrong with a version, as `regression.py` has it.
const KINDS: [&str; 9] = [
    "latency",
    "errors",
    "new_log_error",
    "memory_leak",
    "restart_loop",
    "slow_start",
    "wrong_body",
    "one_endpoint",
    "busy",
];
/// Requests a second while something is wrong.
const STEADY: f64 = 40.0;
/// Uneven traffic: requests a second, and for how many seconds. The slowest is one a minute.
const UNEVEN: [(f64, u64); 8] =
    [(3.0, 7), (40.0, 5), (1.0 / 60.0, 13), (0.5, 9), (80.0, 3), (10.0, 11), (1.0 / 60.0, 20), (25.0, 6)];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Releases of the same version, in which nothing may be found
    #[arg(long, default_value_t = 100)]
    releases: u32,
    /// How long each watch is, in seconds
    #[arg(long, default_value_t = 30)]
    watch: u64,
    /// Only this case: `same`, or one of the kinds of regression
    #[arg(long)]
    case: Option<String>,
}

#[derive(Serialize)]
struct Same {
    bench: &'static str,
    case: &'static str,
    releases: u32,
    false_alarms: u32,
    /// Why, of each.
    by: Vec<String>,
    watch_s: u64,
}

#[derive(Serialize)]
struct Found {
    bench: &'static str,
    case: &'static str,
    found: bool,
    /// From the beginning of the watch, or of the rollout where it was found before, to the verdict.
    seconds: f64,
    /// In the watch, or before it.
    watch: bool,
    by: String,
}

/// Whether the watch finds what is wrong, and nothing where nothing is.
pub(super) fn run(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let mut sick = Sick::new(Flavour::Trixie, "bench-watch", args.watch)?;
    let target = SocketAddr::new(IpAddr::V4(sick.operator.server().ip()), 80);
    for kind in KINDS.into_iter().filter(|kind| args.case.as_ref().is_none_or(|only| only == kind)) {
        let row = under(target, &runtime, vec![(STEADY, 3600)], || found(&mut sick, kind))??;
        let how = if row.watch { "in the watch" } else { "before it" };
        show(args.json, &row, || {
            format!("{kind:>14}: found {}, {:.1} s, {how}, by {}", row.found, row.seconds, row.by)
        })?;
    }
    if args.case.as_ref().is_some_and(|only| only != "same") {
        return Ok(());
    }
    let row = under(target, &runtime, UNEVEN.to_vec(), || same(&mut sick, args))??;
    show(args.json, &row, || {
        format!("{:>14}: {} releases, false alarms: {} {:?}", "same", row.releases, row.false_alarms, row.by)
    })
}

fn show(json: bool, row: &impl Serialize, words: impl Fn() -> String) -> Result<()> {
    println!("{}", if json { serde_json::to_string(row)? } else { words() });
    Ok(())
}

fn found(sick: &mut Sick, kind: &'static str) -> Result<Found> {
    let told = sick.release(Some(kind))?;
    let (watch, rollout) = (told.steps("step", "watch")?[0], told.steps("step", "phase")?[0]);
    let watched = told.step_at(watch, "doing");
    let end = told.when(|event| event["event"] == "going_back");
    let begin = watched.or_else(|| told.step_at(rollout, "doing")).context("it never began")?;
    let seconds = end.map_or(0.0, |end| end.saturating_duration_since(begin).as_secs_f64());
    let by = told.back().map_or_else(String::new, reason);
    Ok(Found { bench: "watch", case: kind, found: told.back().is_some(), seconds, watch: watched.is_some(), by })
}

fn same(sick: &mut Sick, args: &Args) -> Result<Same> {
    let mut by = Vec::new();
    for _ in 0..args.releases {
        let told = sick.release(None)?;
        if told.code != 0 {
            by.push(told.back().map_or_else(|| told.end(), reason));
        }
    }
    let false_alarms = u32::try_from(by.len())?;
    Ok(Same { bench: "watch", case: "same", releases: args.releases, false_alarms, by, watch_s: args.watch })
}

/// The id of what was worse, else of the problem.
fn reason(problem: &Value) -> String {
    let what = &problem["what"];
    let first = &what["args"]["first"]["id"];
    first.as_str().or(what["id"].as_str()).map_or_else(|| problem.to_string(), str::to_owned)
}

/// Does something while requests come, at these rates for these times over and over.
fn under<T>(
    target: SocketAddr,
    runtime: &tokio::runtime::Runtime,
    rates: Vec<(f64, u64)>,
    what: impl FnOnce() -> T,
) -> Result<T> {
    std::thread::scope(|scope| {
        let (done, over) = mpsc::channel::<()>();
        let load = scope.spawn(move || {
            let _inside = runtime.enter();
            for (number, (rate, seconds)) in rates.iter().cycle().enumerate() {
                let arrivals = Arrivals::Poisson { seed: number as u64 };
                let plan = Plan { arrivals, ..Plan::new(target, convertik::DOMAIN, *rate, shapes()) };
                let load = Load::start(plan)?;
                let ended = over.recv_timeout(Duration::from_secs(*seconds));
                runtime.block_on(load.stop());
                if ended != Err(mpsc::RecvTimeoutError::Timeout) {
                    break;
                }
            }
            Ok::<_, anyhow::Error>(())
        });
        let result = what();
        drop(done);
        load.join().map_err(|_| anyhow::anyhow!("the load died"))??;
        Ok(result)
    })
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape::get("health", "/health").weight(20),
        Shape::get("summary", "/api/v1/stats/summary").weight(30),
        Shape::get("convert", "/api/v1/convert?from=EUR&to=USD&amount=10").weight(20),
        Shape::get("slow", "/api/v1/slow?seconds=0.2").weight(10).kept(),
        Shape::post("event", "/api/v1/events", r#"{"id":"{id}","kind":"bench"}"#).weight(20),
    ]
}
