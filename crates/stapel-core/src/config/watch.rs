use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_text::text;

use super::pattern::unusable;
use super::table::Table;

/// `[watch]`: the time after the switch in which the app is compared with its baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// How long.
    pub duration: Duration,
    /// How often the checks look.
    pub every: Duration,
    /// How much of that time is for warming up: what an answer takes, and memory, do not count until then.
    #[serde(default)]
    pub warm_up: Duration,
    /// Regular expressions: a line that matches one is an error, besides those that are recognised as such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Regular expressions: a line that matches one is no error, whatever else it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// The logs that are read besides those of the services that releases replace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<WatchedLog>,
}

/// `[[watch.log]]`: a log that the watch reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchedLog {
    /// Of a service of the app that releases leave alone.
    Service(String),
    /// Of a container that is not the app's, by its name: a proxy's.
    Container(String),
    /// A file, relative to the app's directory.
    File(Utf8PathBuf),
    /// What systemd's journal has of a unit.
    Unit(String),
}

/// How long the watch is where nothing is said.
const DURATION: Duration = Duration::from_mins(1);
/// For warming up, of that; no more than a third.
const WARM_UP: Duration = Duration::from_secs(10);

impl Default for Watch {
    fn default() -> Self {
        Self {
            duration: DURATION,
            every: Duration::from_secs(1),
            warm_up: WARM_UP,
            errors: Vec::new(),
            ignore: Vec::new(),
            logs: Vec::new(),
        }
    }
}

/// Reads it.
pub(super) fn watch(root: &Table<'_>) -> Watch {
    let (Some(t), default) = (root.table("watch"), Watch::default()) else { return Watch::default() };
    let duration = t.duration("duration").unwrap_or(default.duration);
    let every = t.duration("every").unwrap_or(default.every);
    if every.is_zero() || every > duration {
        t.error(t.span_of("every"), text!("core-config-watch-every"));
    }
    let warm_up = t.duration("warm_up");
    if warm_up.is_some_and(|warm_up| warm_up >= duration) {
        t.error(t.span_of("warm_up"), text!("core-config-watch-warm-up"));
    }
    let patterns = |key| {
        let all = t.strings(key).unwrap_or_default();
        for said in all.iter().filter_map(|one| unusable(one)) {
            t.error(t.span_of(key), text!("core-config-pattern", said = said));
        }
        all
    };
    let (errors, ignore) = (patterns("errors"), patterns("ignore"));
    let logs = t.array("log").iter().filter_map(log).collect();
    t.finish();
    Watch { duration, every, warm_up: warm_up.unwrap_or(default.warm_up.min(duration / 3)), errors, ignore, logs }
}

fn log(t: &Table<'_>) -> Option<WatchedLog> {
    let ways = [
        t.string("service").map(WatchedLog::Service),
        t.string("container").map(WatchedLog::Container),
        t.string("file").map(|path| WatchedLog::File(path.into())),
        t.string("unit").map(WatchedLog::Unit),
    ];
    t.unknown();
    let mut ways = ways.into_iter().flatten();
    let (first, more) = (ways.next(), ways.next());
    if first.is_none() || more.is_some() {
        t.error(t.span_of("service"), text!("core-config-watch-log"));
    }
    first
}
