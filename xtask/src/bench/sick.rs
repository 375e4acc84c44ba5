//! Convertik on a test server, in versions that differ only in what is wrong with them.

use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{Convertik, Flavour, Operator, Server};

use crate::cargo;

const REGRESSION: &str = include_str!("regression.py");
/// What is asked of it besides the example's checks: something that takes its time, and something that must be in an answer.
const CHECKS: &str = "\n[[check]]\nname = \"takes its time\"\npath = \"/api/v1/slow?seconds=0.2\"\n\n\
                      [[check]]\nname = \"says ok\"\npath = \"/health\"\ncontains = \"\\\"status\\\":\\\"ok\\\"\"\n";

pub(super) struct Sick {
    pub(super) operator: Operator,
    number: u32,
    watch_s: u64,
}

/// A release as its events tell of it.
pub(super) struct Told {
    pub(super) code: i32,
    lines: Vec<Value>,
    /// The same moment by both clocks.
    now: (Instant, SystemTime),
}

impl Sick {
    /// The example in service, released once, so that what a release touches is known.
    pub(super) fn new(flavour: Flavour, name: &str, watch_s: u64) -> Result<Self> {
        ensure!(testkit::ready()?, "this machine cannot have test servers");
        cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
        let server = Server::start(flavour, name)?;
        Convertik::of_this_repository().run_by_hand(&server, "1")?;
        let operator = Operator::new(server, cargo::root().join("target/release/stapel"))?;
        let mut sick = Self { operator, number: 0, watch_s };
        let first = sick.release(None)?;
        ensure!(first.code == 0, "the first release: {}", first.end());
        Ok(sick)
    }

    /// Releases another version, with this kind of thing wrong with it.
    pub(super) fn release(&mut self, wrong: Option<&str>) -> Result<Told> {
        self.number += 1;
        self.operator.has("1")?;
        let dir = self.operator.checkout().join("backend/app");
        let replace = |file: &str, from: &str, to: &str| -> Result<()> {
            let file = dir.join(file);
            let text = std::fs::read_to_string(&file)?;
            ensure!(text.contains(from), "{} does not say {from}", file.display());
            Ok(std::fs::write(&file, text.replace(from, to))?)
        };
        replace("version.py", "VERSION = \"1\"", &format!("VERSION = \"{}\"", self.version()))?;
        if let Some(wrong) = wrong {
            std::fs::write(dir.join("regression.py"), REGRESSION)?;
            let import = "from app.version import VERSION\n";
            replace("main.py", import, &format!("{import}from app.regression import Regression\n"))?;
            replace("main.py", "VersionHeader(api)", &format!("VersionHeader(Regression(api, \"{wrong}\"))"))?;
        }
        self.operator.configure("[service.convertik-api]", "[service.convertik-api]\nhealthy_within = \"40s\"")?;
        self.operator.configure("duration = \"15s\"", &format!("duration = \"{}s\"", self.watch_s))?;
        self.operator.append("stapel.toml", CHECKS)?;
        self.tell(&["deploy", "--yes", "--allow-dirty", "--json"])
    }

    /// What the version that was released last calls itself.
    pub(super) fn version(&self) -> String {
        format!("sick-{}", self.number)
    }

    pub(super) fn tell(&self, args: &[&str]) -> Result<Told> {
        let now = (Instant::now(), SystemTime::now());
        let said = self.operator.quietly(args)?;
        let lines = said.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(Told { code: said.code, lines, now })
    }
}

impl Told {
    fn events(&self) -> impl Iterator<Item = &Value> {
        self.lines.iter().map(|line| &line["event"]).filter(|event| event.is_object())
    }

    /// When the first event happened of which this is so.
    pub(super) fn when(&self, is: impl Fn(&Value) -> bool) -> Option<Instant> {
        let at: jiff::Timestamp = self.events().find(|event| is(event))?["at"].as_str()?.parse().ok()?;
        let since = SystemTime::from(at).duration_since(self.now.1).unwrap_or_default();
        Some(self.now.0 + since)
    }

    /// The index of the last step of this sort in the plan.
    pub(super) fn step(&self, sort: &str) -> Result<usize> {
        let steps = self.lines.iter().find_map(|line| line["plan"]["steps"].as_array()).context("no plan")?;
        steps.iter().rposition(|step| step["spec"]["step"] == sort).with_context(|| format!("no step {sort}"))
    }

    /// The index of the first step of this sort.
    pub(super) fn first_step(&self, sort: &str) -> Result<usize> {
        let steps = self.lines.iter().find_map(|line| line["plan"]["steps"].as_array()).context("no plan")?;
        steps.iter().position(|step| step["spec"]["step"] == sort).with_context(|| format!("no step {sort}"))
    }

    /// Why it went back, if it did.
    pub(super) fn back(&self) -> Option<&Value> {
        self.events().find(|event| event["event"] == "going_back").map(|event| &event["problem"])
    }

    /// The last thing it said, for an error.
    pub(super) fn end(&self) -> String {
        self.lines.last().map(Value::to_string).unwrap_or_default()
    }
}
