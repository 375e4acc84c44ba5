use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stapel_text::{Text, text};
use statrs::stats_tests::{Alternative, fishers_exact};

use crate::logs;

/// How many routes are told apart; what comes later counts in the sum only.
const ROUTES: usize = 500;
/// How improbable it must be that nothing has changed. It is asked again at each look, and of each route.
const IMPROBABLE: f64 = 1e-5;
/// How many server errors it takes at least.
const ERRORS: u64 = 3;
/// How many hundredths of the requests more than before must fail.
const MORE_PERCENT: f64 = 1.0;
/// How many routes are named.
const NAMED: usize = 3;

/// Requests that the app's users made, as its logs tell of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// All of them.
    pub all: Answers,
    /// By method and path, see [`logs::Request`].
    pub routes: BTreeMap<String, Answers>,
}

/// How requests were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answers {
    /// How many there were.
    pub requests: u64,
    /// How many of them were answered with a status from 500 to 599.
    pub server_errors: u64,
}

impl Traffic {
    /// Counts the request that a line tells of, if it tells of one; whether it does.
    pub fn count(&mut self, line: &str) -> bool {
        let Some(request) = logs::request(line) else { return false };
        let failed = u64::from(request.status >= 500);
        let known = self.routes.len() < ROUTES || self.routes.contains_key(&request.route);
        let route = known.then(|| self.routes.entry(request.route).or_default());
        for answers in [Some(&mut self.all), route].into_iter().flatten() {
            answers.requests += 1;
            answers.server_errors += failed;
        }
        true
    }
}

/// A route that is worse than before; if none is by itself, all together may be.
pub(super) fn worse(before: &Traffic, now: &Traffic) -> Vec<Text> {
    let of = |route: &str| before.routes.get(route).copied().unwrap_or_default();
    let mut routes: Vec<_> = now.routes.iter().filter(|(route, now)| oftener(of(route), **now)).collect();
    routes.sort_by_key(|(_, answers)| std::cmp::Reverse(answers.server_errors));
    let named = |(route, now): &(&String, &Answers)| {
        let before = of(route);
        text!(
            "probe-worse-route",
            route = route.as_str(),
            count = now.server_errors,
            requests = now.requests.to_string(),
            before = before.server_errors.to_string(),
            of = before.requests.to_string()
        )
    };
    let mut reasons: Vec<Text> = routes.iter().take(NAMED).map(named).collect();
    // Many routes with a few errors each. One that had them before is as it was, and speaks for itself only.
    let spotless = |route: &&String| of(route).server_errors == 0;
    let sum = |all: &Traffic| {
        let each = now.routes.keys().filter(spotless).filter_map(|route| all.routes.get(route));
        each.fold(Answers::default(), |sum, one| Answers {
            requests: sum.requests + one.requests,
            server_errors: sum.server_errors + one.server_errors,
        })
    };
    let (was, is) = (sum(before), sum(now));
    if reasons.is_empty() && oftener(was, is) {
        reasons.push(text!(
            "probe-worse-requests",
            count = is.server_errors,
            requests = is.requests.to_string(),
            before = was.server_errors.to_string(),
            of = was.requests.to_string()
        ));
    }
    reasons
}

/// Whether errors come oftener than chance would have it (Fisher's exact test), and by enough to matter. Of few requests that
/// cannot be said, and is not.
fn oftener(before: Answers, now: Answers) -> bool {
    let percent = |of: Answers| of.server_errors as f64 * 100.0 / of.requests.max(1) as f64;
    let (was, is) = (percent(before), percent(now));
    if now.server_errors < ERRORS || is < 2.0 * was || is < was + MORE_PERCENT {
        return false;
    }
    let fine = |of: Answers| of.requests - of.server_errors;
    let table = [now.server_errors, fine(now), before.server_errors, fine(before)];
    fishers_exact(&table, Alternative::Greater).is_ok_and(|p| p < IMPROBABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(routes: &[(&str, u64, u64)]) -> Traffic {
        let mut all = Traffic::default();
        for (route, requests, errors) in routes {
            for number in 0..*requests {
                let status = if number < *errors { 500 } else { 200 };
                assert!(all.count(&format!("\"{route} HTTP/1.1\" {status}")));
            }
        }
        all
    }

    fn ids(before: &[(&str, u64, u64)], now: &[(&str, u64, u64)]) -> Vec<String> {
        worse(&traffic(before), &traffic(now)).into_iter().map(|reason| reason.id.to_string()).collect()
    }

    #[test]
    fn two_percent_of_errors_are_found_and_a_few_are_not() {
        let before = [("GET /a", 900, 0), ("GET /b", 900, 0)];
        let all = ids(&before, &[("GET /a", 300, 6), ("GET /b", 300, 6)]);
        assert!(!all.is_empty());
        assert!(ids(&before, &[("GET /a", 600, 2), ("GET /b", 600, 0)]).is_empty());
        // A route that often fails, and is asked for oftener now.
        assert!(ids(&[("GET /a", 2980, 0), ("GET /b", 20, 10)], &[("GET /a", 260, 0), ("GET /b", 40, 20)]).is_empty());
        // As it was before.
        assert!(ids(&[("GET /a", 1000, 20)], &[("GET /a", 1000, 31)]).is_empty());
        // One route only, which is a small part of all.
        assert_eq!(
            ids(&[("GET /a", 5000, 0), ("GET /b", 50, 0)], &[("GET /a", 500, 0), ("GET /b", 20, 20)]),
            ["probe-worse-route"]
        );
    }

    #[test]
    fn of_few_requests_nothing_is_said() {
        assert!(ids(&[("GET /a", 1, 0)], &[("GET /a", 4, 4)]).is_empty());
        assert!(ids(&[], &[("GET /a", 100, 100)]).is_empty());
        assert!(ids(&[("GET /a", 10, 0)], &[]).is_empty());
    }

    #[test]
    fn lines_that_tell_of_no_request_are_not_counted() {
        let mut none = Traffic::default();
        assert!(!none.count("INFO: started"));
        assert_eq!(none, Traffic::default());
    }
}
