//! `stapel demo`: the main job on the embedded runtime, under load. It writes a project and releases it with the same
//! code as every other release.

use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use stapel_embedded::runtime::Embedded;
use stapel_load::{Load, Plan, Report, Shape, verify_stored};
use stapel_release::{Outcome, Release};
use stapel_text::{Problem, problem, text};

use super::deploy::deploy;
use super::rollback::rollback;
use crate::args::{Demo, Deploy, Place, Rollback};
use crate::project::FILE;
use crate::render::Screen;

/// Requests a second.
const RATE: f64 = 200.0;
const APP: &str = "app";

/// What the demo did, for `--json` and for the account at its end.
#[derive(Debug, Serialize)]
struct Account {
    requests: u64,
    lost: u64,
    slowest_ms: f64,
    acknowledged_writes: usize,
    writes_missing: usize,
    writes_duplicated: usize,
    releases: Vec<Line>,
    auto_rolled_back: bool,
    journal: String,
}

#[derive(Debug, Serialize)]
struct Line {
    id: u64,
    what: String,
    outcome: Option<Outcome>,
    seconds: f64,
}

/// Runs the demo. Exit code 1 if anything was lost or did not go as it should.
pub(crate) async fn run(args: &Demo, screen: &Screen) -> Result<u8, Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = "stapel-demo", error = e);
    let dir = tempfile::Builder::new().prefix("stapel-demo-").tempdir().map_err(failed)?;
    let root = Utf8PathBuf::try_from(dir.path().to_owned())
        .map_err(|e| problem!(Usage, "cli-not-utf8", path = e.as_path().display()))?;
    let world = World::lay_out(&root)?;
    let told = tokio::select! {
        told = tell(&world, screen) => told,
        _ = tokio::signal::ctrl_c() => Err(problem!(Failed, "cli-demo-interrupted")),
    };
    if args.keep {
        let kept = dir.keep();
        screen.say(&text!(
            "cli-demo-kept",
            path = kept.display(),
            config = world.place.config.as_ref().map_or("", |c| c.as_str())
        ));
    } else {
        world.clear().await?;
    }
    let account = told?;
    let well =
        account.lost == 0 && account.writes_missing == 0 && account.writes_duplicated == 0 && as_expected(&account);
    show(&account, screen, args.keep);
    Ok(u8::from(!well))
}

/// The story: a first release, a migration, a broken version, a rollback.
async fn tell(world: &World, screen: &Screen) -> Result<Account, Problem> {
    let mut releases = Vec::new();
    screen.say(&text!("cli-demo-first"));
    releases.push(line("v1", world.deploy(1, screen).await?)?);
    let address = world.address().await?;
    screen.say(&text!("cli-demo-load", rate = RATE.to_string(), address = address.to_string()));
    let load = start_load(address)?;
    let story = async {
        screen.say(&text!("cli-demo-migration"));
        releases.push(line("v2", world.deploy(2, screen).await?)?);
        screen.say(&text!("cli-demo-broken"));
        releases.push(line("v3", world.deploy(3, screen).await?)?);
        screen.say(&text!("cli-demo-rollback"));
        let back = Rollback { yes: true, quiet: true, ..Rollback::default() };
        releases.push(line("v1", rollback(&world.place, &back, screen).await?)?);
        Ok::<_, Problem>(())
    };
    let told = story.await;
    let report = load.stop().await;
    told?;
    let stored = world.stored_ids()?;
    let journal = world.journal();
    Ok(account(&report, &stored, releases, journal))
}

fn account(report: &Report, stored: &[String], releases: Vec<Line>, journal: String) -> Account {
    let summary = report.summary();
    let acknowledged = report.acknowledged();
    let count = |id: &str| stored.iter().filter(|s| *s == id).count();
    let checked = verify_stored(&acknowledged, &report.unknown(), count);
    Account {
        requests: summary.requests,
        lost: summary.lost,
        slowest_ms: summary.max_ms,
        acknowledged_writes: acknowledged.len(),
        writes_missing: checked.missing.len(),
        writes_duplicated: checked.duplicated.len(),
        auto_rolled_back: releases.iter().any(|r| r.outcome == Some(Outcome::Undone)),
        releases,
        journal,
    }
}

fn line(what: &str, release: Option<Release>) -> Result<Line, Problem> {
    let release = release.ok_or_else(|| problem!(Failed, "cli-demo-nothing-done", version = what))?;
    let seconds = release.seconds().unwrap_or_default();
    Ok(Line { id: release.id, what: format!("{} {what}", release.doing), outcome: release.outcome, seconds })
}

fn as_expected(account: &Account) -> bool {
    let outcomes: Vec<_> = account.releases.iter().map(|r| r.outcome).collect();
    outcomes == [Some(Outcome::Done), Some(Outcome::Done), Some(Outcome::Undone), Some(Outcome::Done)]
        && account.requests > 0
}

fn start_load(address: SocketAddr) -> Result<Load, Problem> {
    let shapes = vec![
        Shape::get("health", "/health").weight(4),
        Shape::get("version", "/version").kept().weight(6),
        Shape::get("slow", "/slow?ms=1500").weight(1),
        Shape::post("order", "/orders", r#"{"id":"{id}"}"#).weight(4),
        Shape::post("order-kept", "/orders", r#"{"id":"{id}"}"#).kept().weight(5),
    ];
    Load::start(Plan::new(address, "demo.example", RATE, shapes))
        .map_err(|e| problem!(Failed, "cli-demo-load-failed", error = e.to_string()))
}

fn show(account: &Account, screen: &Screen, kept: bool) {
    screen.object(account);
    screen.say(&text!(
        "cli-demo-account",
        requests = account.requests,
        lost = account.lost,
        slowest = format!("{:.0}", account.slowest_ms)
    ));
    screen.say(&text!(
        "cli-demo-writes",
        count = account.acknowledged_writes,
        missing = account.writes_missing,
        twice = account.writes_duplicated
    ));
    for release in &account.releases {
        let outcome = match release.outcome {
            Some(Outcome::Done) => text!("cli-outcome-done"),
            Some(Outcome::Undone) => text!("cli-demo-came-back"),
            _ => text!("cli-outcome-stuck"),
        };
        screen.say(&text!(
            "cli-demo-release",
            release = release.id.to_string(),
            what = &release.what,
            outcome = outcome,
            time = stapel_text::seconds(release.seconds)
        ));
    }
    if kept {
        screen.say(&text!("cli-demo-journal", path = &account.journal));
    } else {
        screen.say(&text!("cli-demo-journal-gone", path = &account.journal));
    }
}

/// The demo's project and host, in one temporary directory.
struct World {
    root: Utf8PathBuf,
    place: Place,
}

impl World {
    fn lay_out(root: &Utf8Path) -> Result<Self, Problem> {
        let config = root.join("project").join(FILE);
        let world = Self { root: root.to_owned(), place: Place { config: Some(config.clone()), target: None } };
        let text = format!(
            r#"app = "demo"
engine = "embedded"

[target.demo]
host = "local"
path = "{root}/host/{APP}"
state = "{root}/host/state"

[service.{APP}]

[database.main]
kind = "sqlite"
path = "data/app.db"

[migration]
tool = "embedded"
service = "{APP}"

[[check]]
name = "health"
path = "/health"

[[check]]
name = "report"
path = "/report"

[watch]
duration = "4s"
every = "250ms"
"#
        );
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = config.as_str(), error = e);
        std::fs::create_dir_all(root.join("project")).and_then(|()| std::fs::write(&config, text)).map_err(failed)?;
        Ok(world)
    }

    async fn deploy(&self, version: u32, screen: &Screen) -> Result<Option<Release>, Problem> {
        let file = self.root.join("project/app.toml");
        let text = format!("version = {version}\nlisten = \"127.0.0.1:0\"\ndatabase = \"data/app.db\"\n");
        std::fs::write(&file, text).map_err(|e| problem!(Failed, "io-failed", path = file.as_str(), error = e))?;
        deploy(&self.place, &Deploy { yes: true, quiet: true, allow_dirty: true, ..Deploy::default() }, screen).await
    }

    /// The state of the one app on the demo's host.
    fn state(&self) -> Option<Utf8PathBuf> {
        let mut entries = self.root.join("host/state").read_dir_utf8().ok()?;
        entries.next()?.ok().map(|e| e.path().to_owned())
    }

    fn journal(&self) -> String {
        self.state().map_or_else(String::new, |s| s.join("journal.db").into_string())
    }

    fn runtime(&self) -> Result<Option<Embedded>, Problem> {
        let Some(state) = self.state() else { return Ok(None) };
        let program = std::env::current_exe().map_err(|e| problem!(Failed, "io-failed", path = "stapel", error = e))?;
        Embedded::new(state.join("engine"), self.root.join("host").join(APP), program, ["embedded"]).map(Some)
    }

    async fn address(&self) -> Result<SocketAddr, Problem> {
        let address = match self.runtime()? {
            Some(runtime) => runtime.proxy_address().await?,
            None => None,
        };
        address.ok_or_else(|| problem!(Failed, "cli-demo-nothing-done", version = "v1"))
    }

    fn stored_ids(&self) -> Result<Vec<String>, Problem> {
        stapel_embedded::app::order_ids(&self.root.join("host").join(APP).join("data/app.db"))
    }

    async fn clear(&self) -> Result<(), Problem> {
        match self.runtime()? {
            Some(runtime) => runtime.stop_all().await,
            None => Ok(()),
        }
    }
}
