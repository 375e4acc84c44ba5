use stapel_text::{Text, text};

use super::gather::by_check;
use super::{Baseline, CheckBaseline, Seen, Verdict, latency, traffic, vitals};
use crate::{Look, logs};

/// How many new kinds of log lines are named.
const LINES_NAMED: usize = 5;

/// Compares what was seen in a watch with the baseline.
///
/// A check is worse
/// - when it fails twice in a row; where it failed now and then before, more than twice as often in a row as then;
/// - when a server's own error (500 to 599) came at least twice, in a row or not, and more than twice as often as
///   before: of a release in which one of two workers is broken, every other look is fine;
/// - when its fine looks take longer, by much or certainly (`latency`), not counted while the app warmed up.
///
/// A single failure is noise. Of a check that was never fine in the baseline, or is not in it, improvement is asked: it was
/// fine when the new version was let in, and may not fail again.
///
/// A critical log line is worse when none of its kind was logged before; so are the requests of the app's users when more of
/// them fail than chance explains (`traffic`), and an instance that ends by itself, grows without end or takes a whole
/// processor (`vitals`).
#[must_use]
pub fn compare(baseline: &Baseline, seen: &Seen) -> Verdict {
    let mut reasons = Vec::new();
    let mut better = false;
    let warm = by_check(&seen.looks[seen.cold_looks.min(seen.looks.len())..]);
    for (name, looks) in by_check(&seen.looks) {
        let Some(before) = baseline.checks.get(&name).filter(|before| before.ok > 0) else {
            let known = baseline.checks.contains_key(&name);
            better |= known && looks.len() >= 2 && looks[looks.len() - 2..].iter().all(|look| look.ok);
            reasons.extend(again(&name, &looks));
            continue;
        };
        reasons.extend(failing(&name, before, &CheckBaseline::gather(&looks), &looks));
        let fine = warm.get(&name).into_iter().flatten().filter(|look| look.ok);
        reasons.extend(latency::slower(&name, before, &fine.map(|look| look.millis).collect::<Vec<_>>(), seen.over));
    }
    reasons.extend(traffic::worse(&baseline.traffic, &seen.traffic));
    for (service, pulses) in &seen.pulses {
        reasons.extend(vitals::worse(service, baseline.fares.get(service), pulses, seen));
    }
    reasons.extend(new_lines(baseline, &seen.errors));
    match (reasons.is_empty(), better) {
        (false, _) => Verdict::Worse(reasons),
        (true, true) => Verdict::Better,
        (true, false) => Verdict::Same,
    }
}

/// It was broken, came true, and fails again.
fn again(name: &str, looks: &[&Look]) -> Option<Text> {
    let [before @ .., former, last] = looks else { return None };
    let fails = !former.ok && !last.ok && before.iter().any(|look| look.ok);
    fails.then(|| text!("probe-worse-again", check = name, detail = last.detail.clone()))
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

    fn seen(looks: Vec<Look>, errors: &[&str]) -> Seen {
        Seen { looks, errors: errors.iter().map(ToString::to_string).collect(), ..Seen::default() }
    }

    fn baseline(looks: Vec<Look>, errors: &[&str]) -> Baseline {
        Baseline::gather(seen(looks, errors))
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
            ("xxxx", "..xx", "probe-worse-again"),
            ("", "..xx", "probe-worse-again"),
            ("xxxx", ".", "same"),
            ("", "xxxx", "same"),
            ("", "....", "same"),
        ] {
            let verdict = compare(&baseline(looks(before, 10), &[]), &seen(looks(watch, 10), &[]));
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
            let verdict = compare(&baseline(looks("....", before), &[]), &seen(looks("...", now), &[]));
            assert_eq!(ids(&verdict), [expected], "{before} then {now}");
        }
        let was = baseline(looks("....", 10), &[]);
        assert_eq!(compare(&was, &seen(looks("..", 9000), &[])), Verdict::Same);
        let cold = Seen { cold_looks: 4, ..seen(looks("......", 9000), &[]) };
        assert_eq!(compare(&was, &cold), Verdict::Same);
    }

    #[test]
    fn only_new_kinds_of_log_lines_are_worse() {
        let baseline = baseline(looks("..", 1), &["ERROR order 7 has no master"]);
        let judge = |lines: &[&str]| compare(&baseline, &seen(looks("..", 1), lines));
        assert_eq!(judge(&["ERROR order 8 has no master"]), Verdict::Same);
        assert_eq!(ids(&judge(&["KeyError: 'a'", "KeyError: 'a'"])), ["probe-worse-log"]);
        let many = judge(&["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(ids(&many)[4..], ["probe-worse-log", "probe-worse-logs-more"]);
    }

    #[test]
    fn one_thing_better_and_one_worse_is_worse() {
        let baseline = baseline(looks("xx", 1), &[]);
        assert_eq!(ids(&compare(&baseline, &seen(looks("..", 1), &["ERROR new"]))), ["probe-worse-log"]);
    }

    #[test]
    fn a_verdict_and_a_baseline_go_to_the_journal_and_back() {
        let baseline = baseline(looks("..5", 10), &["ERROR 1"]);
        let json = serde_json::to_string(&baseline).unwrap();
        assert_eq!(serde_json::from_str::<Baseline>(&json).unwrap(), baseline);
        let verdict = compare(&baseline, &seen(looks("xxx", 10), &[]));
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
}
