use stapel_text::{Text, text};

use super::gather::by_check;
use super::{Baseline, CheckBaseline, Verdict};
use crate::{Look, logs};

/// How much slower the median must be, in milliseconds, besides [`TIMES_SLOWER`].
const SLOWER_MS: u64 = 500;
/// How many times slower the median must be, besides [`SLOWER_MS`].
const TIMES_SLOWER: u64 = 3;
/// How many fine looks a median needs before it says anything: the first after a start is often slow.
const LOOKS_FOR_MEDIAN: u32 = 3;
/// How many new kinds of log lines are named.
const LINES_NAMED: usize = 5;

/// Compares a watch (looks in the order in which they were made, and the critical lines logged since, from
/// [`logs::errors`]) with the baseline.
///
/// A check is worse
/// - when it fails twice in a row; where it failed now and then before, more than twice as often in a row as then;
/// - when a server's own error (500 to 599) came at least twice, in a row or not, and more than twice as often as
///   before: of a release in which one of two workers is broken, every other look is fine;
/// - when the median of its fine looks (three at least) is above both 3 times and 500 ms more than before.
///
/// A single failure is noise. A check that was never fine in the baseline, or is not in it, cannot be worse. A critical
/// log line is worse when none of its kind was logged before.
#[must_use]
pub fn compare(baseline: &Baseline, watch: &[Look], errors: &[String]) -> Verdict {
    let mut reasons = Vec::new();
    let mut better = false;
    for (name, looks) in by_check(watch) {
        let Some(before) = baseline.checks.get(&name) else { continue };
        let now = CheckBaseline::gather(&looks);
        if before.ok == 0 {
            better |= before.failures > 0 && looks.len() >= 2 && looks[looks.len() - 2..].iter().all(|look| look.ok);
        } else {
            reasons.extend(failing(&name, before, &now, &looks));
            reasons.extend(slower(&name, before, &now));
        }
    }
    reasons.extend(new_lines(baseline, errors));
    match (reasons.is_empty(), better) {
        (false, _) => Verdict::Worse(reasons),
        (true, true) => Verdict::Better,
        (true, false) => Verdict::Same,
    }
}

fn failing(name: &str, before: &CheckBaseline, now: &CheckBaseline, looks: &[&Look]) -> Option<Text> {
    let last = looks.iter().rfind(|look| !look.ok)?;
    if now.longest_failing >= 2 && now.longest_failing > 2 * before.longest_failing {
        return Some(text!(
            "probe-worse-fails",
            check = name,
            times = now.longest_failing,
            detail = last.detail.clone()
        ));
    }
    let share = |errors: u32, of: &CheckBaseline| u64::from(errors) * u64::from(of.looks());
    // now/looks > 2 × before/looks, in whole numbers.
    let oftener = share(now.server_errors, before) > 2 * share(before.server_errors, now);
    (now.server_errors >= 2 && oftener).then(|| {
        text!("probe-worse-server-errors", check = name, count = now.server_errors, looks = now.looks().to_string())
    })
}

fn slower(name: &str, before: &CheckBaseline, now: &CheckBaseline) -> Option<Text> {
    let (was, is) = (before.median_ms?, now.median_ms?);
    let limit = was.saturating_mul(TIMES_SLOWER).max(was.saturating_add(SLOWER_MS));
    (now.ok >= LOOKS_FOR_MEDIAN && is > limit)
        .then(|| text!("probe-worse-slow", check = name, before = was.to_string(), now = is.to_string()))
}

fn new_lines(baseline: &Baseline, errors: &[String]) -> Vec<Text> {
    let mut seen = baseline.log_kinds.clone();
    let new: Vec<&String> = errors.iter().filter(|line| seen.insert(logs::kind(line))).collect();
    let mut reasons: Vec<Text> =
        new.iter().take(LINES_NAMED).map(|line| text!("probe-worse-log", line = line.as_str())).collect();
    if new.len() > LINES_NAMED {
        reasons.push(text!("probe-worse-logs-more", count = new.len() - LINES_NAMED));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks of one check: `.` fine, `x` no answer, `5` a 502, `4` a 404; each takes `millis`.
    fn looks(what: &str, millis: u64) -> Vec<Look> {
        let one = |c| {
            let status = match c {
                '.' => Some(200),
                '5' => Some(502),
                '4' => Some(404),
                _ => None,
            };
            let detail = text!("probe-status", status = status.unwrap_or_default().to_string());
            Look { check: "health".into(), ok: c == '.', status, millis, detail }
        };
        what.chars().map(one).collect()
    }

    fn ids(verdict: &Verdict) -> Vec<&str> {
        match verdict {
            Verdict::Better => vec!["better"],
            Verdict::Same => vec!["same"],
            Verdict::Worse(reasons) => reasons.iter().map(|r| r.id.as_ref()).collect(),
        }
    }

    #[test]
    fn failures_are_judged_by_what_was_before() {
        for (before, watch, expected) in [
            ("....", "....", "same"),
            ("....", "", "same"),
            ("....", "..x...", "same"),
            ("....", ".....5", "same"),
            ("....", "x.x.x.", "same"),
            ("....", "..xx..", "probe-worse-fails"),
            ("....", "..44", "probe-worse-fails"),
            ("....", "5.5.5.", "probe-worse-server-errors"),
            ("....", "5....5", "probe-worse-server-errors"),
            ("..5.", "5...5...", "same"),
            ("..5.", "5.5.5.5.", "same"),
            (".........5", "5.5.5.5.", "probe-worse-server-errors"),
            ("..x.", "..xx.", "same"),
            ("..x.", ".xxx.", "probe-worse-fails"),
            ("xxxx", "xxxx", "same"),
            ("xxxx", "5555", "same"),
            ("xxxx", "xx..", "better"),
            ("xxxx", "x.x.", "same"),
            ("xxxx", ".", "same"),
            ("", "xxxx", "same"),
            ("", "....", "same"),
        ] {
            let verdict = compare(&Baseline::gather(&looks(before, 10), &[]), &looks(watch, 10), &[]);
            assert_eq!(ids(&verdict), [expected], "{before} then {watch}");
        }
    }

    #[test]
    fn slower_is_worse_only_when_it_is_much() {
        for (before, now, expected) in [
            (10, 510, "same"),
            (10, 511, "probe-worse-slow"),
            (400, 1200, "same"),
            (400, 1201, "probe-worse-slow"),
            (0, u64::MAX, "probe-worse-slow"),
            (u64::MAX, u64::MAX, "same"),
            (1000, 10, "same"),
        ] {
            let verdict = compare(&Baseline::gather(&looks("....", before), &[]), &looks("...", now), &[]);
            assert_eq!(ids(&verdict), [expected], "{before} then {now}");
        }
        let cold = compare(&Baseline::gather(&looks("....", 10), &[]), &looks("..", 9000), &[]);
        assert_eq!(cold, Verdict::Same);
    }

    #[test]
    fn only_new_kinds_of_log_lines_are_worse() {
        let baseline = Baseline::gather(&looks("..", 1), &["ERROR order 7 has no master".into()]);
        let judge = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            compare(&baseline, &looks("..", 1), &lines)
        };
        assert_eq!(judge(&["ERROR order 8 has no master"]), Verdict::Same);
        assert_eq!(ids(&judge(&["KeyError: 'a'", "KeyError: 'a'"])), ["probe-worse-log"]);
        let many = judge(&["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(ids(&many)[4..], ["probe-worse-log", "probe-worse-logs-more"]);
    }

    #[test]
    fn one_thing_better_and_one_worse_is_worse() {
        let baseline = Baseline::gather(&looks("xx", 1), &[]);
        assert_eq!(ids(&compare(&baseline, &looks("..", 1), &["ERROR new".into()])), ["probe-worse-log"]);
    }

    #[test]
    fn a_verdict_and_a_baseline_go_to_the_journal_and_back() {
        let baseline = Baseline::gather(&looks("..5", 10), &["ERROR 1".into()]);
        let json = serde_json::to_string(&baseline).unwrap();
        assert_eq!(serde_json::from_str::<Baseline>(&json).unwrap(), baseline);
        let verdict = compare(&baseline, &looks("xxx", 10), &[]);
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
}
