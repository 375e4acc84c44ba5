use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Catalogue, Lang, Text};

/// What a problem means for the one who asked: it decides the exit code, see DESIGN.md "Exit codes".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Something failed; what had been done is undone. Exit code 1.
    Failed,
    /// The command line or the configuration is wrong. Exit code 2.
    Usage,
    /// Refused before any change. Exit code 3.
    Refused,
    /// An undo failed, a person is needed. Exit code 4.
    Stuck,
    /// Another release is running. Exit code 5.
    Busy,
    /// The outcome is not known yet. Exit code 6.
    Detached,
}

impl Class {
    /// The process exit code of this class.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Stuck => 4,
            Self::Busy => 5,
            Self::Detached => 6,
        }
    }
}

/// Something that went wrong, as data: a code, what is known, how grave it is; the words and the remedy are in the
/// catalogues under the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// How grave it is.
    pub class: Class,
    /// The code (the message's id) and its data.
    pub what: Text,
    /// The problem that this one comes from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<Problem>>,
}

/// A problem in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What happened, with the causes after it, each on a line of its own.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
}

impl Problem {
    /// Prefer [`problem!`](crate::problem!), which the catalogue test reads.
    #[must_use]
    pub fn new(class: Class, what: Text) -> Self {
        Self { class, what, cause: None }
    }

    /// The stable code, for JSON and for people who search.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.what.id
    }

    /// Adds where it comes from.
    #[must_use]
    pub fn because(mut self, cause: Self) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The same problem in another class: what is a failure in a step is a refusal in preflight.
    #[must_use]
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }
}

/// In English, for logs; people get [`Catalogue::problem`] in their own language.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::new(Lang::En).problem(self).message)
    }
}

impl std::error::Error for Problem {}
