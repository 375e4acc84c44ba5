use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use stapel_core::ports::Lines;

/// What compose says about a file that it cannot read quotes the line in question, and with it perhaps a secret.
const QUOTES: [&str; 3] = ["variable name", "nterpolation", "nvalid template"];

/// The line without what it quotes of an env file or of a value.
fn redact(line: &str) -> Cow<'_, str> {
    if !QUOTES.iter().any(|q| line.contains(q)) {
        return Cow::Borrowed(line);
    }
    match ["name \"", ": \"", "\\\"", "'"].iter().filter_map(|q| line.find(q)).min() {
        Some(at) => Cow::Owned(format!("{} …", &line[..at])),
        None => Cow::Borrowed(line),
    }
}

/// After this line compose 2 puts the value itself, on lines of its own, and nothing else.
fn value_follows(line: &str) -> bool {
    line.contains("invalid interpolation format for")
}

/// What compose said, fit for a message: without what it quotes, and without mere warnings; its end where it is long.
pub(crate) fn said(output: &str) -> String {
    const LINES: usize = 40;
    let all = output.lines().filter(|l| !l.contains("level=warning") && !l.trim().is_empty());
    let mut lines = Vec::new();
    for line in all {
        lines.push(redact(line));
        if value_follows(line) {
            lines.push(Cow::Borrowed("…"));
            break;
        }
    }
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Hands compose's lines on without what they quote.
pub(crate) struct Redacted<'a> {
    to: &'a dyn Lines,
    value: AtomicBool,
}

impl<'a> Redacted<'a> {
    pub(crate) fn new(to: &'a dyn Lines) -> Self {
        Self { to, value: AtomicBool::new(false) }
    }
}

impl Lines for Redacted<'_> {
    fn line(&self, line: &str) {
        if !self.value.load(Ordering::Relaxed) {
            self.to.line(&redact(line));
        }
        if value_follows(line) {
            self.value.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broken_env_file_holds_is_not_repeated() {
        let v2 = "level=warning msg=\"obsolete\"\nline 2: unexpected character \"\\\"\" in variable name \"KEY hunter2 \\\"x\"";
        let v1 =
            "ERROR: Invalid interpolation format for \"environment\" option in service \"api\": \"p://u:hunter2@${\"";
        let v2_value =
            "invalid interpolation format for services.a.environment.A.\nYou may need to escape.\nhunter2${\nhunter2";
        for output in [v2, v1, v2_value] {
            let said = said(output);
            assert!(!said.contains("hunter2") && !said.contains("obsolete"), "{said}");
            assert!(!said.is_empty());
        }
        assert!(said(v2).starts_with("line 2: unexpected character"));
        assert_eq!(said("Step 1: \"a\""), "Step 1: \"a\"");
    }
}
