use super::expression::expression;

/// How much of a line is kept, in characters: some programs log whole documents.
const KEPT: usize = 1000;

expression!(COLOUR, r"\x1b\[[0-9;]*[A-Za-z]");
expression!(PASSWORD, r"(://[^\s:/@]*):[^\s/@]+@");
expression!(REQUEST, r#""[A-Z]+ [^"]*HTTP/[0-9.]+""#);
expression!(QUOTED, r#""[^"]*""#);
expression!(PATH, r#"(^|[\s"'=(\[])(?:[a-z]+:/)?/[^\s"')\]]*"#);

/// A line as it may be shown and kept: no colours or other control characters, no passwords in URLs, not endless.
pub(super) fn shown(line: &str) -> String {
    let plain = COLOUR.replace_all(line, "");
    let kept: String = plain.chars().filter(|c| *c == '\t' || !c.is_control()).take(KEPT).collect();
    PASSWORD.replace_all(kept.trim_end(), "$1:***@").into_owned()
}

/// What of a line the program itself says: not what was asked of it (`"GET /error HTTP/1.1"`, its referrer and user
/// agent), nor paths and URLs.
pub(super) fn own_words(line: &str) -> String {
    let line = if REQUEST.is_match(line) { QUOTED.replace_all(line, "") } else { line.into() };
    PATH.replace_all(&line, "$1").into_owned()
}
