use regex::Regex;
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// What makes a log line a critical error beside the usual: Python tracebacks, lines of level `ERROR`, `CRITICAL`,
/// `FATAL` or `PANIC`, and the panics of Rust and Go, which are always looked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Patterns {
    more: Vec<Regex>,
}

impl Patterns {
    /// The usual, and lines that match one of these regular expressions.
    ///
    /// # Errors
    /// `probe-pattern` for one that is not a regular expression.
    pub fn with(more: &[String]) -> Result<Self, Problem> {
        let compiled = more.iter().map(|source| {
            Regex::new(source).map_err(|e| problem!(Usage, "probe-pattern", pattern = source, error = e.to_string()))
        });
        Ok(Self { more: compiled.collect::<Result<_, _>>()? })
    }

    pub(super) fn found_in(&self, line: &str) -> bool {
        self.more.iter().any(|pattern| pattern.is_match(line))
    }
}

impl TryFrom<Vec<String>> for Patterns {
    type Error = Problem;

    fn try_from(more: Vec<String>) -> Result<Self, Problem> {
        Self::with(&more)
    }
}

impl From<Patterns> for Vec<String> {
    fn from(patterns: Patterns) -> Self {
        patterns.more.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_travel_as_their_sources_and_a_wrong_one_is_named() {
        let patterns: Patterns = serde_json::from_str(r#"["^boom \\d+"]"#).unwrap();
        assert!(patterns.found_in("boom 7"));
        assert_eq!(serde_json::to_string(&patterns).unwrap(), r#"["^boom \\d+"]"#);
        let problem = Patterns::with(&["a(".into()]).unwrap_err();
        assert_eq!(problem.code(), "probe-pattern");
    }
}
