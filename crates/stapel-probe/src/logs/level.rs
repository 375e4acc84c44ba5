use super::expression::expression;

// JSON and logfmt: "level": "error", levelname=ERROR.
expression!(FIELD, r#"(?i)(?:^|[\s{,"])(?:level|levelname|severity|lvl)"?\s*[:=]\s*"?([a-z]+)"#);
// A level among the words of a line: in capitals, or in square brackets as nginx and structlog write it. What PostgreSQL
// calls LOG, STATEMENT and so on is a level only with its colon.
expression!(
    WORD,
    r"(?:^|[^\w./])(?:\[((?i:debug|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal|panic))\s*\]|(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)(?:[^\w./]|$)|(LOG|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):)"
);
// Go and Rust at their end.
expression!(PANIC, r"(?:^|\W)(?:panic: |panicked at )");

/// Whether these words of a program's own are a critical error. The first level in the line decides: what comes after
/// it is the message, which may speak of errors.
pub(super) fn critical(words: &str) -> bool {
    if let Some(field) = FIELD.captures(words) {
        return grave(&field[1]);
    }
    let level = WORD.captures(words).and_then(|hit| {
        let group = hit.iter().skip(1).flatten().next()?;
        // An indented line goes on with the one before; it is one of its own only if it begins with its level.
        let indented = words.starts_with([' ', '\t']);
        let first = words[..group.start()].trim_matches(|c: char| c.is_whitespace() || c == '[').is_empty();
        (!indented || first).then(|| group.as_str().to_owned())
    });
    level.map_or_else(|| PANIC.is_match(words), |level: String| grave(&level))
}

fn grave(level: &str) -> bool {
    matches!(
        level.to_ascii_uppercase().as_str(),
        "ERROR" | "ERR" | "CRIT" | "CRITICAL" | "ALERT" | "EMERG" | "FATAL" | "PANIC" | "SEVERE" | "DPANIC"
    )
}

/// Whether a word is the name of a level.
pub(super) fn is_level(word: &str) -> bool {
    WORD.captures(word).is_some_and(|hit| hit.iter().skip(1).flatten().any(|group| group.as_str() == word))
}
