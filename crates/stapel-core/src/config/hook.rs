use std::time::Duration;

use serde::{Deserialize, Serialize};
use stapel_text::text;

use super::table::Table;
use crate::plan::HOOK_POINTS;

/// `[[hook]]`: a command of the team's, run as a step of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// On which side of the step.
    pub when: When,
    /// The step's name, or `release` for all of them: one of [`HOOK_POINTS`].
    pub step: String,
    /// Program and arguments.
    pub run: Vec<String>,
    /// What takes it back, likewise; also where it ran in part only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Vec<String>>,
    /// Where they run.
    #[serde(rename = "where")]
    pub place: Place,
    /// How long each may take.
    pub timeout: Duration,
    /// Whether it may run again where it is not known how far it came.
    pub repeatable: bool,
    /// A failure is told and does no more.
    pub may_fail: bool,
}

/// On which side of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Right before the first step of that name.
    Before,
    /// Right after the last one.
    After,
}

/// Where a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On the host, in the app's directory.
    Host,
}

/// How long a hook may take where nothing is said.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Reads all of them.
pub(super) fn hooks(root: &Table<'_>) -> Vec<Hook> {
    root.array("hook").into_iter().filter_map(hook).collect()
}

fn hook(t: Table<'_>) -> Option<Hook> {
    let points: Vec<_> = HOOK_POINTS.iter().map(|name| (*name, *name)).collect();
    let (before, after) = (t.choice("before", &points), t.choice("after", &points));
    let point = match (before, after) {
        (Some(step), None) => Some((When::Before, step)),
        (None, Some(step)) => Some((When::After, step)),
        (Some(_), Some(_)) => {
            t.error(t.span_of("after"), text!("core-config-hook-point"));
            None
        }
        (None, None) => {
            // One that is there and wrong has its message already.
            if !t.has("before") && !t.has("after") {
                t.error(t.span_of("before"), text!("core-config-hook-point"));
            }
            None
        }
    };
    if !t.has("run") {
        t.error(t.span_of("run"), text!("core-config-missing", key = "run"));
    }
    let run = command(&t, "run");
    let hook = Hook {
        when: point.map_or(When::Before, |(when, _)| when),
        step: point.map_or_else(String::new, |(_, step)| step.to_owned()),
        run: run.clone().unwrap_or_default(),
        undo: command(&t, "undo"),
        place: t.choice("where", &[("host", Place::Host)]).unwrap_or(Place::Host),
        timeout: t.duration("timeout").unwrap_or(TIMEOUT),
        repeatable: t.boolean("repeatable").unwrap_or(false),
        may_fail: t.boolean("may_fail").unwrap_or(false),
    };
    if hook.timeout.is_zero() {
        t.error(t.span_of("timeout"), text!("core-config-duration", key = "timeout"));
    }
    t.finish();
    (point.is_some() && run.is_some()).then_some(hook)
}

fn command(t: &Table<'_>, key: &'static str) -> Option<Vec<String>> {
    let words = t.strings(key)?;
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        t.error(t.span_of(key), text!("core-config-empty", key = key));
        return None;
    }
    Some(words)
}
