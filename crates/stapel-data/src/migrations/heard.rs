use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use stapel_core::ports::Lines;

use crate::mask;

/// How many lines are remembered.
const REMEMBERED: usize = 2000;

/// Remembers what a command prints, and hands it on; passwords in URLs are masked in both.
pub(super) struct Heard<'a> {
    on: &'a dyn Lines,
    lines: Mutex<VecDeque<String>>,
}

impl<'a> Heard<'a> {
    pub(super) fn new(on: &'a dyn Lines) -> Self {
        Self { on, lines: Mutex::default() }
    }

    pub(super) fn lines(self) -> Vec<String> {
        self.lines.into_inner().unwrap_or_else(PoisonError::into_inner).into()
    }
}

impl Lines for Heard<'_> {
    fn line(&self, line: &str) {
        let line = mask::passwords(line);
        self.on.line(&line);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == REMEMBERED {
            lines.pop_front();
        }
        lines.push_back(line.into_owned());
    }
}
