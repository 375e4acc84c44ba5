use regex::Regex;
use stapel_text::{Problem, problem};

/// What makes a log line a critical error beside the usual: Python tracebacks, lines of level `ERROR`, `CRITICAL`,
/// `FATAL` or `PANIC`, and the panics of Rust and Go, which are always looked for.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    more: Vec<Regex>,
    none: Vec<Regex>,
}

impl Patterns {
    /// The usual, and lines that match one of `more`; never those that match one of `none`.
    ///
    /// # Errors
    /// `probe-pattern` for one that is not a regular expression.
    pub fn new(more: &[String], none: &[String]) -> Result<Self, Problem> {
        let compiled = |sources: &[String]| {
            let compile = |source: &String| {
                Regex::new(source)
                    .map_err(|e| problem!(Usage, "probe-pattern", pattern = source, error = e.to_string()))
            };
            sources.iter().map(compile).collect::<Result<Vec<_>, Problem>>()
        };
        Ok(Self { more: compiled(more)?, none: compiled(none)? })
    }

    /// Whether it matches one of those that are errors besides the usual.
    #[must_use]
    pub fn found_in(&self, line: &str) -> bool {
        self.more.iter().any(|pattern| pattern.is_match(line))
    }

    /// Whether it matches one of those that are none.
    #[must_use]
    pub fn ignored(&self, line: &str) -> bool {
        self.none.iter().any(|pattern| pattern.is_match(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_one_is_named() {
        let problem = Patterns::new(&[], &["a(".into()]).unwrap_err();
        assert_eq!(problem.code(), "probe-pattern");
    }
}
