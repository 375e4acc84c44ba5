use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use stapel_load::{Load, Plan, Report, Shape, Summary};
use testkit::{Convertik, Flavour, Server, convertik, nginx};

use super::told::Told;
use crate::cargo;

/// Requests a second.
const RATE: f64 = 150.0;
/// What is counted before and after the rollout.
const MARGIN: Duration = Duration::from_secs(2);
/// How long the load runs before a release begins, so that there is something to compare with.
const WARM: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Requests to gather for each case, over as many releases as that takes
    #[arg(long, default_value_t = 5000)]
    requests: u64,
    /// Only this flavour: bookworm, trixie or systemd
    #[arg(long)]
    flavour: Option<String>,
    /// Only this case: relay/caddy, relay/port, relay/nginx, relay/nginx-on-host or by-hand
    #[arg(long)]
    case: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    RelayCaddy,
    RelayPort,
    /// In a container on the service's network, which keeps its address.
    RelayNginx,
    /// On the host, before the published port.
    RelayNginxOnHost,
    ByHand,
}

impl Case {
    const ALL: [Self; 5] = [Self::RelayCaddy, Self::RelayPort, Self::RelayNginx, Self::RelayNginxOnHost, Self::ByHand];

    fn name(self) -> &'static str {
        match self {
            Self::RelayCaddy => "relay/caddy",
            Self::RelayPort => "relay/port",
            Self::RelayNginx => "relay/nginx",
            Self::RelayNginxOnHost => "relay/nginx-on-host",
            Self::ByHand => "by-hand",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::RelayCaddy | Self::ByHand => 80,
            Self::RelayPort => convertik::PORT,
            Self::RelayNginx => nginx::IN_CONTAINER,
            Self::RelayNginxOnHost => nginx::ON_HOST,
        }
    }
}

/// A line of the result.
#[derive(Serialize)]
struct Row {
    bench: &'static str,
    case: &'static str,
    flavour: String,
    requests: u64,
    lost: u64,
    gap_s: f64,
    p99_ms_before: f64,
    p99_ms_during: f64,
    /// Of one rollout, on average.
    seconds: f64,
    releases: u32,
    retried: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(testkit::ready()?, "this machine cannot have test servers");
    cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    if !args.json {
        println!(
            "{:<19} {:<9} {:>9} {:>6} {:>7} {:>11} {:>11} {:>8}",
            "case", "flavour", "requests", "lost", "gap s", "p99 before", "p99 during", "seconds"
        );
    }
    for flavour in Flavour::ALL.into_iter().filter(|f| args.flavour.as_ref().is_none_or(|only| *only == f.to_string()))
    {
        let server = Server::start(flavour, &format!("bench-{flavour}"))?;
        Convertik::of_this_repository().run_by_hand(&server, "1")?;
        nginx::start(&server)?;
        let mut bench =
            Bench { server, dir: std::env::temp_dir().join(format!("stapel-bench-{}", std::process::id())), number: 0 };
        for case in Case::ALL.into_iter().filter(|c| args.case.as_ref().is_none_or(|only| only == c.name())) {
            let row = bench.case(case, args.requests, &runtime)?;
            if args.json {
                println!("{}", serde_json::to_string(&row)?);
            } else {
                println!(
                    "{:<19} {:<9} {:>9} {:>6} {:>7.2} {:>11.0} {:>11.0} {:>8.1}",
                    row.case,
                    row.flavour,
                    row.requests,
                    row.lost,
                    row.gap_s,
                    row.p99_ms_before,
                    row.p99_ms_during,
                    row.seconds
                );
            }
        }
        std::fs::remove_dir_all(&bench.dir)?;
    }
    Ok(())
}

struct Bench {
    server: Server,
    dir: PathBuf,
    number: u32,
}

/// When a rollout began and ended.
struct Window {
    from: Instant,
    to: Instant,
}

impl Bench {
    fn case(&mut self, case: Case, requests: u64, runtime: &tokio::runtime::Runtime) -> Result<Row> {
        let mut row = Row {
            bench: "rollout",
            case: case.name(),
            flavour: self.server.flavour().to_string(),
            requests: 0,
            lost: 0,
            gap_s: 0.0,
            p99_ms_before: 0.0,
            p99_ms_during: 0.0,
            seconds: 0.0,
            releases: 0,
            retried: 0,
        };
        while row.requests < requests {
            let target = SocketAddr::new(IpAddr::V4(self.server.ip()), case.port());
            let load = Load::start(Plan::new(target, convertik::DOMAIN, RATE, shapes()))?;
            std::thread::park_timeout(WARM);
            let window = if case == Case::ByHand { self.by_hand() } else { self.stapel() };
            let window = match window {
                Ok(window) => window,
                Err(e) => {
                    runtime.block_on(load.stop());
                    return Err(e);
                }
            };
            std::thread::park_timeout(MARGIN);
            let report = runtime.block_on(load.stop());
            let during = report.window(window.from - MARGIN, window.to + MARGIN);
            let before = report.window(report.started(), window.from - MARGIN);
            say_losses(case, &report, &during);
            row.requests += during.requests;
            row.lost += during.lost;
            row.retried += during.retried;
            row.gap_s = row.gap_s.max(during.longest_gap_s);
            row.p99_ms_before = row.p99_ms_before.max(before.p99_ms);
            row.p99_ms_during = row.p99_ms_during.max(during.p99_ms);
            row.seconds += (window.to - window.from).as_secs_f64();
            row.releases += 1;
        }
        row.seconds /= f64::from(row.releases.max(1));
        Ok(row)
    }

    /// Another version, which differs from the one before only in what it calls itself.
    fn stage(&mut self) -> Result<String> {
        self.number += 1;
        let version = format!("bench-{}", self.number);
        Convertik::of_this_repository().stage("1", &self.dir)?;
        let file = self.dir.join("backend/app/version.py");
        let text = std::fs::read_to_string(&file)?.replace("VERSION = \"1\"", &format!("VERSION = \"{version}\""));
        ensure!(text.contains(&version), "{} has no VERSION = \"1\"", file.display());
        std::fs::write(&file, text)?;
        let config = self.dir.join("stapel.toml");
        let text = std::fs::read_to_string(&config)?;
        let text = text.replace("host = \"convertik.example\"", &format!("host = \"{}\"", self.server.name()));
        std::fs::write(config, text.replace("duration = \"15s\"", "duration = \"2s\""))?;
        Ok(version)
    }

    fn stapel(&mut self) -> Result<Window> {
        self.stage()?;
        let binary = cargo::root().join("target/release/stapel");
        let mut command = Command::new(binary);
        command
            .args(["deploy", "--yes", "--json"])
            .current_dir(&self.dir)
            .env("STAPEL_SSH_CONFIG", self.server.ssh_config());
        let told = Told::of(|| {
            let output = command.output()?;
            // One that a signal has ended has none.
            Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned()))
        })?;
        ensure!(told.code == 0, "deploy: {} {}", told.code, told.end());
        let phases = told.steps("step", "phase")?;
        let (first, last) = (phases[0], phases[phases.len() - 1]);
        let from = told.step_at(first, "doing").context("the rollout has not begun")?;
        Ok(Window { from, to: told.step_at(last, "done").context("the rollout has not ended")? })
    }

    /// The runbook: the code goes up, then the page's own commands.
    fn by_hand(&mut self) -> Result<Window> {
        self.stage()?;
        self.server.copy_dir(Path::new(&self.dir), convertik::PATH)?;
        let from = Instant::now();
        let out = self.server.exec(&["env", "-C", convertik::PATH, "sh", "release-by-hand.sh"])?;
        ensure!(out.code == 0, "release-by-hand.sh: {}\n{}", out.stdout, out.stderr);
        Ok(Window { from, to: Instant::now() })
    }
}

/// Of all requests one in 200 takes 3 s: enough to be open at every switch, too few to be the 99th percentile.
fn shapes() -> Vec<Shape> {
    let event = r#"{"id":"{id}","kind":"bench"}"#;
    vec![
        Shape::get("health", "/health").weight(60),
        Shape::get("health-kept", "/health").kept().weight(64),
        Shape::get("slow", "/api/v1/slow?seconds=3").weight(1),
        Shape::post("event", "/api/v1/events", event).weight(35),
        Shape::post("event-kept", "/api/v1/events", event).kept().weight(40),
    ]
}

fn say_losses(case: Case, report: &Report, during: &Summary) {
    if case != Case::ByHand && during.lost > 0 {
        for loss in report.losses() {
            eprintln!("{} lost: {}", case.name(), serde_json::to_string(&loss).unwrap_or_default());
        }
    }
}
