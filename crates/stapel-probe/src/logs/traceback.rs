use super::expression::expression;
use super::level::is_level;

/// How far behind the head of a traceback its exception may be, in lines.
const LONGEST: usize = 400;

expression!(HEAD, r"(?:Exception Group )?Traceback \(most recent call last\):");
expression!(EXCEPTION, r"^([A-Za-z_][\w.]*)(?::\s|:?$)");

/// For the head of a Python traceback at `at`, the line that speaks for it: the one that names the exception, or the
/// head itself where that line is not there. `None` where there is no head.
///
/// The exception stands in the column of the head, behind the same prefix (compose's, a bar of an exception group); the
/// frames between are indented further. Lines of others in between are passed over.
pub(super) fn speaks_for(lines: &[String], at: usize) -> Option<usize> {
    let column = HEAD.find(&lines[at])?.start();
    let exception = lines[at + 1..].iter().take(LONGEST).position(|line| {
        line.get(column..).and_then(|content| EXCEPTION.captures(content)).is_some_and(|hit| !is_level(&hit[1]))
    });
    Some(exception.map_or(at, |behind| at + 1 + behind))
}
