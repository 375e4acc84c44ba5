use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use camino::Utf8Path;
use serde::Serialize;
use stapel_core::config::Config;
use stapel_core::plan::{Goal, Plan, Planned, StepSpec};
use stapel_core::ports::Lines;
use stapel_release::{Begin, Journal, Kind, Saga, Step, StepContext};
use stapel_text::{Problem, Text, bytes, text};

/// Releases whose record is measured.
const RELEASES: u32 = 1000;
/// Steps of a usual release.
const STEPS: usize = 13;
/// Lines that its commands say in all.
const LINES: usize = 120;
/// After how many releases output is let go of, as the agent does.
const KEEP_OUTPUT: usize = 20;
/// Shown by `stapel history`.
const SHOWN: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Leave out what needs a server: the time from power-on to serving again
    #[arg(long)]
    no_server: bool,
}

#[derive(Serialize)]
struct Row {
    bench: &'static str,
    /// What a release of 13 steps costs that do nothing, in ms: fsync of each intent and outcome.
    release_ms: f64,
    /// The journal after 1,000 releases, in MB.
    size_mb: f64,
    /// The newest 20 of 1,000 releases, in ms.
    history_ms: f64,
    /// From power-on of a server that died in mid-rollout to its app serving again, in s.
    #[serde(skip_serializing_if = "Option::is_none")]
    power_on_to_serving_s: Option<f64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut row = runtime.block_on(measure())?;
    if !args.no_server {
        row.power_on_to_serving_s = Some(super::power_on::measure()?.as_secs_f64());
    }
    if args.json {
        println!("{}", serde_json::to_string(&row)?);
    } else {
        println!("a release:             {:.1} ms", row.release_ms);
        println!("1,000 releases:        {:.1} MB", row.size_mb);
        println!("history of 20 then:    {:.1} ms", row.history_ms);
        if let Some(seconds) = row.power_on_to_serving_s {
            println!("power-on to serving:   {seconds:.1} s");
        }
    }
    Ok(())
}

async fn measure() -> Result<Row> {
    let dir = tempfile::tempdir()?;
    let path = Utf8Path::from_path(dir.path()).context("a path that is not UTF-8")?.join("journal.db");
    let journal = Journal::open(&path)?;
    let spent = fill(&journal, &begin(), RELEASES).await?;
    let started = Instant::now();
    let shown = journal.history(SHOWN)?;
    let history = started.elapsed();
    anyhow::ensure!(shown.len() == SHOWN, "{} releases", shown.len());
    drop(journal);
    let size = path.metadata()?.len();
    Ok(Row {
        bench: "journal",
        release_ms: spent.as_secs_f64() * 1000.0 / f64::from(RELEASES),
        size_mb: size as f64 / 1e6,
        history_ms: history.as_secs_f64() * 1000.0,
        power_on_to_serving_s: None,
    })
}

/// Writes releases that do nothing into a journal, and gives the time that it took.
pub(super) async fn fill(journal: &Journal, begin: &Begin, releases: u32) -> Result<Duration> {
    let steps: Vec<Box<dyn Step>> = begin.plan.steps.iter().map(|_| Box::new(Talks) as Box<dyn Step>).collect();
    let mut spent = Duration::ZERO;
    for _ in 0..releases {
        let started = Instant::now();
        let release = journal.begin(begin)?;
        Saga { journal, release, steps: &steps, faults: &[], turns: &|_| {} }.run().await?;
        spent += started.elapsed();
        journal.thin(KEEP_OUTPUT)?;
    }
    Ok(spent)
}

/// A step that does nothing but say as much as a usual one.
struct Talks;

#[async_trait]
impl Step for Talks {
    fn does(&self) -> Text {
        text!("agent-prune-does")
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        for line in 0..LINES / STEPS {
            cx.line(&format!("Step {line}/9 : RUN pip install --no-cache-dir -r requirements.txt"));
        }
        cx.set_fact("image.api", &"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")?;
        cx.say(text!("agent-backup-done", path = "/var/lib/stapel/backups/app.dump", size = bytes(1), tables = 3));
        Ok(())
    }
}

fn begin() -> Begin {
    let source = "app = \"a\"\n[target.t]\nhost = \"local\"\npath = \"/srv/a\"\n[service.s]\n";
    let planned = |_| Planned {
        spec: StepSpec::Build { service: "s".into(), no_cache: false, pull: false },
        why: Some(text!("core-why-ship", files = 1, foreign = 0)),
        does: Some(text!("agent-build-does", service = "s")),
        undoes: Some(text!("agent-build-undoes", service = "s")),
        takes_s: None,
        leaves: Vec::new(),
    };
    Begin {
        doing: "deploy".into(),
        who: "anna".into(),
        origin: "desk".into(),
        target: "t".into(),
        // A literal of this file.
        config: Config::parse("stapel.toml", source).unwrap_or_else(|_| unreachable!("it is a configuration")),
        plan: Plan {
            steps: (0..STEPS).map(planned).collect(),
            ..Plan::none(Goal::Deploy {
                manifest: "0".repeat(64),
                fingerprint: "0".repeat(64),
                commit: None,
                phase: None,
            })
        },
        found: false,
        runner: None,
    }
}
