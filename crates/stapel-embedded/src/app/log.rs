use std::fmt::Display;
use std::io::Write;

/// One line on standard error: when, how grave, what. The runtime reads the time back to answer "not older than".
fn line(level: &str, message: &dyn Display) {
    // Nobody may be reading any more, and that is no reason to stop serving.
    let _ = writeln!(std::io::stderr(), "{:.3} {level} {message}", jiff::Timestamp::now());
}

pub(crate) fn info(message: &dyn Display) {
    line("INFO", message);
}

pub(crate) fn error(message: &dyn Display) {
    line("ERROR", message);
}
