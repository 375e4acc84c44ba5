use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use stapel_text::{Text, text};

use super::HttpCheck;
use super::rule::broken;

/// Whether an answer is as the check wants it; both ways in words.
pub(super) fn judge(check: &HttpCheck, status: u16, body: &[u8], took: Duration) -> Result<Text, Text> {
    let expected = match check.expect_status.as_slice() {
        [] => (200..=299).contains(&status),
        listed => listed.contains(&status),
    };
    if !expected {
        return Err(text!("probe-status", status = status.to_string()));
    }
    if let Some(wanted) = &check.body_contains
        && !contains(body, wanted.as_bytes())
    {
        return Err(text!("probe-body", wanted = wanted));
    }
    if let Some(pattern) = &check.body_matches {
        // It was looked at when the configuration was read.
        let matched = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&String::from_utf8_lossy(body)));
        if !matched {
            return Err(text!("probe-no-match", pattern = pattern));
        }
    }
    if !check.json.is_empty() {
        let json: Value = serde_json::from_slice(body).map_err(|e| text!("probe-no-json", error = e.to_string()))?;
        if let Some(broken) = check.json.iter().find_map(|rule| broken(rule, &json)) {
            return Err(broken);
        }
    }
    if let Some(within) = check.within.filter(|within| took > *within) {
        let limit = stapel_text::seconds(within.as_secs_f64());
        return Err(text!("probe-slow", took = stapel_text::seconds(took.as_secs_f64()), limit = limit));
    }
    Ok(text!("probe-ok", status = status.to_string()))
}

fn contains(body: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || body.windows(wanted.len()).any(|w| w == wanted)
}
