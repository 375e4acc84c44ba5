use std::time::Duration;

use serde::{Deserialize, Serialize};
use stapel_text::{Text, text};

use super::Seen;
use super::gather::median;

/// How many looks with a figure it takes before a trend is one; three thirds of them are compared.
const LOOKS: usize = 9;
/// How much memory must have come, in bytes, before growth counts: every program takes some when it begins to work.
const GROWTH: u64 = 32_000_000;
/// How much of a processor, in thousandths, is all that a busy program takes.
const BUSY: u32 = 900;
/// For how long, of all the time after warming up, before it counts.
const BUSY_FOR: Duration = Duration::from_secs(20);

/// How the instance of a service fared before the release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fares {
    /// The engine's id of it.
    pub instance: String,
    /// How often it had ended by itself and was started again.
    pub restarts: u64,
    /// The bytes of memory that it used.
    pub memory: Option<u64>,
    /// How much of one processor it took, in thousandths.
    pub cpu: Option<u32>,
    /// Whether its own health check failed.
    pub ailing: bool,
}

/// One look at how an instance fares.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulse {
    /// When, counted from the beginning of the looking.
    pub at: Duration,
    /// The engine's id of the instance.
    pub instance: String,
    /// How often it has ended by itself and was started again.
    pub restarts: u64,
    /// The bytes of memory that it uses.
    pub memory: Option<u64>,
    /// The time of a processor that it has taken since it began.
    pub cpu: Option<Duration>,
    /// What is wrong with it, by its own health check or because it has ended.
    pub ails: Option<Text>,
}

impl Fares {
    /// From looks in the order in which they were made; `None` where there were none.
    #[must_use]
    pub fn gather(pulses: &[Pulse]) -> Option<Self> {
        let last = pulses.last()?;
        let shares = shares(pulses);
        Some(Self {
            instance: last.instance.clone(),
            restarts: last.restarts,
            memory: last.memory,
            cpu: (!shares.is_empty()).then(|| mean(&shares)),
            ailing: last.ails.is_some(),
        })
    }
}

/// What is worse about a service's instance. Without a `before` nobody knows what is usual for it.
pub(super) fn worse(service: &str, before: Option<&Fares>, pulses: &[Pulse], seen: &Seen) -> Vec<Text> {
    let settled: Vec<&Pulse> = pulses.iter().filter(|pulse| pulse.at >= seen.warm).collect();
    let mut reasons: Vec<Text> = ails(service, before, pulses).into_iter().collect();
    if let Some(before) = before {
        reasons.extend(restarts(service, before, pulses));
        reasons.extend(grows(service, before, &settled));
        reasons.extend(busy(service, before, &settled).filter(|_| seen.over));
    }
    reasons
}

fn ails(service: &str, before: Option<&Fares>, pulses: &[Pulse]) -> Option<Text> {
    let [.., former, last] = pulses else { return None };
    let twice = former.ails.as_ref().and(last.ails.as_ref());
    let news = twice.filter(|_| before.is_none_or(|before| !before.ailing));
    news.map(|what| text!("probe-worse-ails", service = service, what = what.clone()))
}

/// One that is new may have waited for its database so, before it was let in: it is counted from the first look. Of what did so
/// now and then before, it takes several; what always does so is meant to.
fn restarts(service: &str, before: &Fares, pulses: &[Pulse]) -> Option<Text> {
    let mut last = (&before.instance, before.restarts);
    let mut times = 0;
    for pulse in pulses {
        if pulse.instance == *last.0 {
            times += pulse.restarts.saturating_sub(last.1);
        }
        last = (&pulse.instance, pulse.restarts);
    }
    let limit = match before.restarts {
        0 => 1,
        1 | 2 => 3,
        _ => return None,
    };
    (times >= limit).then(|| text!("probe-worse-restarts", service = service, times = times))
}

/// It uses more than before, and goes on growing at an even pace: what only fills its caches grows more slowly with time.
fn grows(service: &str, before: &Fares, settled: &[&Pulse]) -> Option<Text> {
    let used: Vec<u64> = of_last_instance(settled).filter_map(|pulse| pulse.memory).collect();
    if used.len() < LOOKS {
        return None;
    }
    let third = |number: usize| {
        let mut part = used[used.len() * number / 3..used.len() * (number + 1) / 3].to_vec();
        part.sort_unstable();
        median(&part)
    };
    let (first, middle, last) = (third(0)?, third(1)?, third(2)?);
    let growth = last.checked_sub(first)?;
    let even = [middle.checked_sub(first)?, last.checked_sub(middle)?].into_iter().all(|part| part >= growth / 4);
    let much = growth >= GROWTH.max(first / 4) && last >= before.memory? / 4 * 5;
    (even && much).then(|| {
        text!(
            "probe-worse-memory",
            service = service,
            now = stapel_text::bytes(last),
            first = stapel_text::bytes(first)
        )
    })
}

/// It takes a whole processor all the time, and took little before.
fn busy(service: &str, before: &Fares, settled: &[&Pulse]) -> Option<Text> {
    let settled: Vec<Pulse> = of_last_instance(settled).cloned().collect();
    let long = settled.last()?.at.saturating_sub(settled.first()?.at) >= BUSY_FOR;
    let shares = shares(&settled);
    let least = shares.chunks(shares.len().div_ceil(3).max(1)).map(mean).min()?;
    let was = before.cpu?;
    (long && least >= BUSY && was < BUSY / 3).then(|| {
        text!("probe-worse-cpu", service = service, now = (least / 10).to_string(), before = (was / 10).to_string())
    })
}

fn of_last_instance<'a>(pulses: &'a [&Pulse]) -> impl Iterator<Item = &'a Pulse> {
    let last = pulses.last().map(|pulse| &pulse.instance);
    pulses.iter().copied().filter(move |pulse| Some(&pulse.instance) == last)
}

fn mean(shares: &[u32]) -> u32 {
    let total: u64 = shares.iter().map(|share| u64::from(*share)).sum();
    u32::try_from(total / shares.len().max(1) as u64).unwrap_or(u32::MAX)
}

/// How much of one processor was taken between each look and the next, in thousandths.
fn shares(pulses: &[Pulse]) -> Vec<u32> {
    let share = |pair: &[Pulse]| {
        let [from, to] = pair else { return None };
        let (took, passed) = (to.cpu?.checked_sub(from.cpu?)?, to.at.checked_sub(from.at)?);
        let thousandths = took.as_micros() * 1000 / passed.as_micros().max(1);
        (from.instance == to.instance).then(|| u32::try_from(thousandths).unwrap_or(u32::MAX))
    };
    pulses.windows(2).filter_map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;
    const WARM: Duration = Duration::from_secs(5);

    fn pulse(second: u64) -> Pulse {
        Pulse {
            at: Duration::from_secs(second),
            instance: "new".into(),
            restarts: 0,
            memory: None,
            cpu: None,
            ails: None,
        }
    }

    fn ids(before: &Fares, pulses: &[Pulse]) -> Vec<String> {
        let seen = Seen { warm: WARM, over: true, ..Seen::default() };
        worse("web", Some(before), pulses, &seen).into_iter().map(|reason| reason.id.to_string()).collect()
    }

    /// What 60 looks at so much memory each say.
    fn memory(before: u64, at: impl Fn(u64) -> u64) -> Vec<String> {
        let pulses: Vec<_> = (0..60).map(|s| Pulse { memory: Some(at(s)), ..pulse(s) }).collect();
        ids(&Fares { memory: Some(before), ..Fares::default() }, &pulses)
    }

    #[test]
    fn a_leak_is_told_from_caches_that_fill() {
        assert_eq!(memory(80 * MB, |s| (80 + 2 * s) * MB), ["probe-worse-memory"]);
        // It takes more than before, all at once.
        assert!(memory(80 * MB, |_| 300 * MB).is_empty());
        // It fills its caches.
        assert!(memory(80 * MB, |s| (60 + 100 - 100 / (1 + s / 3)) * MB).is_empty());
        // It grows to what it was.
        assert!(memory(300 * MB, |s| (80 + 2 * s) * MB).is_empty());
        // A saw's teeth: a collector at work.
        assert!(memory(80 * MB, |s| (80 + 10 * (s % 10)) * MB).is_empty());
        assert!(memory(80 * MB, |s| (80 + s / 4) * MB).is_empty());
    }

    #[test]
    fn a_restart_counts_while_it_is_watched() {
        let old = |restarts| Fares { instance: "new".into(), restarts, ..Fares::default() };
        let fresh = Fares::default();
        let at = |restarts| Pulse { restarts, ..pulse(restarts) };
        assert_eq!(ids(&old(0), &[at(0), at(1)]), ["probe-worse-restarts"]);
        assert!(ids(&old(2), &[at(2), at(3)]).is_empty());
        assert_eq!(ids(&old(2), &[at(3), at(5)]), ["probe-worse-restarts"]);
        assert!(ids(&old(100), &[at(104)]).is_empty());
        assert!(ids(&fresh, &[at(2), at(2)]).is_empty());
        assert_eq!(ids(&fresh, &[at(2), at(3)]), ["probe-worse-restarts"]);
    }

    #[test]
    fn what_ails_counts_twice_in_a_row_and_only_if_it_is_new() {
        let ill = |second| Pulse { ails: Some(text!("probe-ails-ended", code = "1")), ..pulse(second) };
        assert_eq!(ids(&Fares::default(), &[pulse(0), ill(1), ill(2)]), ["probe-worse-ails"]);
        assert!(ids(&Fares::default(), &[ill(0), pulse(1), ill(2)]).is_empty());
        assert!(ids(&Fares { ailing: true, ..Fares::default() }, &[ill(1), ill(2)]).is_empty());
    }

    #[test]
    fn a_processor_that_is_always_busy_is_news_if_it_was_not() {
        let taking = |thousandths: u64| -> Vec<_> {
            (0..60).map(|s| Pulse { cpu: Some(Duration::from_millis(s * thousandths)), ..pulse(s) }).collect()
        };
        let before = |cpu| Fares { cpu: Some(cpu), ..Fares::default() };
        assert_eq!(ids(&before(20), &taking(1000)), ["probe-worse-cpu"]);
        assert!(ids(&before(20), &taking(500)).is_empty());
        assert!(ids(&before(700), &taking(1000)).is_empty());
        assert!(ids(&before(20), &taking(1000)[..15]).is_empty());
        assert_eq!(Fares::gather(&taking(250)).unwrap().cpu, Some(250));
        assert_eq!(Fares::gather(&[]), None);
    }
}
