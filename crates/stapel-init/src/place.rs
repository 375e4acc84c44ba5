use std::fmt;

use serde::{Deserialize, Serialize};

/// Where something was read: a file of the project (or, after a survey, of the host) and a line in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file, relative to the project, or absolute on the host.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl Place {
    /// A whole file.
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None }
    }

    /// A line of a file, from 1.
    pub(crate) fn line(file: impl Into<String>, line: usize) -> Self {
        Self { file: file.into(), line: Some(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it was read.
    pub place: Place,
}

impl<T> Found<T> {
    pub(crate) fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

/// A regular expression that is compiled once.
macro_rules! expression {
    ($name:ident, $source:expr) => {
        static $name: ::std::sync::LazyLock<::regex::Regex> =
            ::std::sync::LazyLock::new(|| ::regex::Regex::new($source).expect("a constant that tests compile"));
    };
}
pub(crate) use expression;
