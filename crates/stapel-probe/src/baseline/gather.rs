use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Fares, Seen, Traffic};
use crate::{Look, logs};

/// Of how many fine looks the times are kept.
const TIMES: usize = 60;

/// What the app was like before the release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// By the check's name.
    pub checks: BTreeMap<String, CheckBaseline>,
    /// Kinds of critical log lines that it logged already, see [`logs::kind`].
    pub log_kinds: BTreeSet<String>,
    /// The requests that it logged.
    #[serde(default)]
    pub traffic: Traffic,
    /// How its instances fared, by service.
    #[serde(default)]
    pub fares: BTreeMap<String, Fares>,
}

/// What one check saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckBaseline {
    /// Looks that were fine.
    pub ok: u32,
    /// Looks that were not.
    pub failures: u32,
    /// Of these, the ones answered with a status from 500 to 599.
    pub server_errors: u32,
    /// The most failures in a row.
    pub longest_failing: u32,
    /// How often each status came.
    pub statuses: BTreeMap<u16, u32>,
    /// The median time of the fine looks, in milliseconds; `None` where none was fine.
    pub median_ms: Option<u64>,
    /// The time, in milliseconds, within which 95 of 100 fine looks were answered.
    pub p95_ms: Option<u64>,
    /// The times of the last fine looks, in milliseconds.
    #[serde(default)]
    pub millis: Vec<u64>,
}

impl Baseline {
    /// From what was seen.
    #[must_use]
    pub fn gather(seen: Seen) -> Self {
        let checks = by_check(&seen.looks).into_iter();
        let fares = seen.pulses.into_iter().filter_map(|(name, pulses)| Some((name, Fares::gather(&pulses)?)));
        Self {
            checks: checks.map(|(name, looks)| (name, CheckBaseline::gather(&looks))).collect(),
            log_kinds: seen.errors.iter().map(|line| logs::kind(line)).collect(),
            traffic: seen.traffic,
            fares: fares.collect(),
        }
    }
}

impl CheckBaseline {
    pub(super) fn gather(looks: &[&Look]) -> Self {
        let mut all = Self::default();
        let mut failing = 0;
        let mut millis = Vec::new();
        for look in looks {
            if let Some(status) = look.status {
                *all.statuses.entry(status).or_default() += 1;
            }
            if look.ok {
                all.ok += 1;
                failing = 0;
                millis.push(look.millis);
            } else {
                all.failures += 1;
                all.server_errors += u32::from(look.status.is_some_and(|s| (500..=599).contains(&s)));
                failing += 1;
                all.longest_failing = all.longest_failing.max(failing);
            }
        }
        all.millis = millis[millis.len().saturating_sub(TIMES)..].to_vec();
        millis.sort_unstable();
        all.median_ms = median(&millis);
        all.p95_ms = (!millis.is_empty()).then(|| millis[(millis.len() * 95).div_ceil(100) - 1]);
        all
    }

    pub(super) fn looks(&self) -> u32 {
        self.ok + self.failures
    }
}

pub(super) fn by_check(looks: &[Look]) -> BTreeMap<String, Vec<&Look>> {
    let mut all: BTreeMap<String, Vec<&Look>> = BTreeMap::new();
    for look in looks {
        all.entry(look.check.clone()).or_default().push(look);
    }
    all
}

/// Of sorted numbers; between the middle two where they are even in number.
pub(super) fn median(sorted: &[u64]) -> Option<u64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(sorted[middle - 1].midpoint(sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use stapel_text::text;

    use super::*;

    #[test]
    fn a_baseline_counts_what_was_seen() {
        let look = |ok, status, millis| Look {
            check: "health".into(),
            ok,
            status,
            millis,
            detail: text!("probe-ok", status = "200"),
        };
        let mut looks: Vec<Look> = (1..=20).map(|n| look(true, Some(200), n)).collect();
        looks.extend([look(false, Some(502), 900), look(false, None, 900), look(true, Some(200), 1000)]);
        let errors = vec!["ERROR 1".into(), "ERROR 2".into()];
        let baseline = Baseline::gather(Seen { looks, errors, ..Seen::default() });
        assert_eq!(
            baseline.checks["health"],
            CheckBaseline {
                ok: 21,
                failures: 2,
                server_errors: 1,
                longest_failing: 2,
                statuses: [(200, 21), (502, 1)].into(),
                median_ms: Some(11),
                p95_ms: Some(20),
                millis: (1..=20).chain([1000]).collect(),
            }
        );
        assert_eq!(baseline.log_kinds.len(), 1);
        assert_eq!(Baseline::gather(Seen::default()), Baseline::default());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[1, 2, 4, 100]), Some(3));
        assert_eq!(median(&[7]), Some(7));
        assert_eq!(median(&[]), None);
    }
}
