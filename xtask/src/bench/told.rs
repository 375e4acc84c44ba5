//! A release as its events (`--json`) tell of it.

use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use serde_json::Value;

pub(super) struct Told {
    pub(super) code: i32,
    lines: Vec<Value>,
    /// The same moment by both clocks: the host's is this machine's.
    now: (Instant, SystemTime),
}

impl Told {
    /// Runs a command, which gives its exit code and what it said.
    pub(super) fn of(command: impl FnOnce() -> Result<(i32, String)>) -> Result<Self> {
        let now = (Instant::now(), SystemTime::now());
        let (code, said) = command()?;
        Ok(Self { code, lines: said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(), now })
    }

    fn events(&self) -> impl Iterator<Item = &Value> {
        self.lines.iter().map(|line| &line["event"]).filter(|event| event.is_object())
    }

    /// When the first event happened of which this is so.
    pub(super) fn when(&self, is: impl Fn(&Value) -> bool) -> Option<Instant> {
        let at: jiff::Timestamp = self.events().find(|event| is(event))?["at"].as_str()?.parse().ok()?;
        let since = SystemTime::from(at).duration_since(self.now.1).unwrap_or_default();
        Some(self.now.0 + since)
    }

    /// When a step of the plan came to be in a state.
    pub(super) fn step_at(&self, index: usize, state: &str) -> Option<Instant> {
        self.when(|event| event["event"] == "step" && event["index"] == index && event["state"] == state)
    }

    /// The places in the plan, of which there are some, of the steps where a field of the specification says this.
    pub(super) fn steps(&self, field: &str, says: &str) -> Result<Vec<usize>> {
        let steps = self.lines.iter().find_map(|line| line["plan"]["steps"].as_array()).context("no plan")?;
        let all: Vec<usize> = (0..steps.len()).filter(|index| steps[*index]["spec"][field] == says).collect();
        (!all.is_empty()).then_some(all).with_context(|| format!("the plan has no {field} {says}: {steps:?}"))
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
