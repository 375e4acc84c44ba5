use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

use crate::names::{ancestors, is_temporary};

/// What is left out unless the app's config says otherwise. `.env.production` is here because it travels on its own
/// (RUNBOOKS.md, C1).
pub const DEFAULT_EXCLUDES: &[&str] = &[
    ".git",
    "__pycache__",
    "*.pyc",
    ".env",
    ".env.production",
    "venv",
    ".venv",
    ".pytest_cache",
    "*.log",
    ".DS_Store",
];

/// What of a directory is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Patterns of what is left out, in the syntax of a `.gitignore` file: `*.log` at any depth, `/data` only at the
    /// root, `cache/` only directories, `!keep.log` takes back an earlier pattern. No `.gitignore` is read.
    pub exclude: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { exclude: DEFAULT_EXCLUDES.iter().map(ToString::to_string).collect() }
    }
}

impl Rules {
    /// Rules that leave nothing out.
    #[must_use]
    pub fn everything() -> Self {
        Self { exclude: Vec::new() }
    }

    /// Whether a path below the root is left out, itself or with a directory above it.
    ///
    /// # Errors
    /// `tree-pattern-bad`.
    pub fn excludes(&self, path: &str) -> Result<bool, Problem> {
        Ok(self.matcher()?.leaves_out(path))
    }

    pub(crate) fn matcher(&self) -> Result<Matcher, Problem> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in &self.exclude {
            builder.add_line(None, pattern).map_err(|e| bad(pattern, &e))?;
        }
        Ok(Matcher(builder.build().map_err(|e| bad("", &e))?))
    }
}

/// The pattern that this path matches, from the root on, and nothing else but what is below.
#[must_use]
pub fn pattern_of(path: &str) -> String {
    let mut pattern = "/".to_owned();
    for c in path.trim_end_matches('/').chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' | '#' | ' ') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn bad(pattern: &str, error: &ignore::Error) -> Problem {
    problem!(Usage, "tree-pattern-bad", pattern = pattern, error = error.to_string())
}

/// Rules made ready for use.
pub(crate) struct Matcher(Gitignore);

impl Matcher {
    /// Whether this path, relative to the root, is left out. Nothing below a directory that is left out is asked about.
    pub(crate) fn excludes(&self, path: &Path, directory: bool) -> bool {
        let ours = path.file_name().and_then(|n| n.to_str()).is_some_and(is_temporary);
        ours || self.0.matched(path, directory).is_ignore()
    }
}

impl Matcher {
    /// Whether a file's path is left out, itself or with a directory above it.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        self.excludes(path.as_ref(), false) || ancestors(path).any(|above| self.excludes(above.as_ref(), true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &[&str], path: &str, directory: bool) -> bool {
        let rules = Rules { exclude: patterns.iter().map(ToString::to_string).collect() };
        rules.matcher().unwrap().excludes(Path::new(path), directory)
    }

    #[test]
    fn what_is_below_a_directory_that_is_left_out_is_left_out_too() {
        let rules = Rules { exclude: vec!["/data/".into(), "*.log".into()] };
        for (path, out) in [("data/deep/x", true), ("more/data/x", false), ("x.log", true), ("x", false)] {
            assert_eq!(rules.excludes(path).unwrap(), out, "{path}");
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_in_gitignore() {
        assert!(excludes(&["*.pyc"], "deep/down/x.pyc", false));
        assert!(excludes(&["/data"], "data", true));
        assert!(!excludes(&["/data"], "app/data", true));
        assert!(!excludes(&["cache/"], "cache", false));
        assert!(!excludes(&["*.log", "!keep.log"], "keep.log", false));
        assert!(!excludes(DEFAULT_EXCLUDES, ".env.example", false));
    }

    #[test]
    fn a_path_can_be_left_out_whatever_it_is_called() {
        for path in ["a*b", "[x]", "end ", "a\\b", "#a", "!a", "dir/{a,b}", "ж ю"] {
            assert!(excludes(&[&pattern_of(path)], path, false), "{path}");
        }
        assert!(!excludes(&[&pattern_of("a*b")], "acb", false));
        assert!(!excludes(&[&pattern_of("a")], "deep/a", false));
        assert!(excludes(&[&pattern_of("dist/")], "dist", true));
    }

    #[test]
    fn our_own_temporary_files_are_never_shipped() {
        assert!(excludes(&[], "a/.stapel-0123456789abcdef.tmp", false));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let problem = Rules { exclude: vec!["[z-a]".into()] }.matcher().err().unwrap();
        assert_eq!(problem.code(), "tree-pattern-bad");
        assert!(problem.to_string().contains("[z-a]"), "{problem}");
    }
}
