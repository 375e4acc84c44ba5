/// Text from elsewhere made harmless for a terminal: control characters other than line breaks and tabs, and those that
/// turn the direction of writing, become `�`; of more than `limit` bytes the last ones are taken.
#[must_use]
pub fn printable(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(limit)..]);
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if harmful(c) { '\u{fffd}' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(printable(b"\x1b[31mred\r\nnext\x07", 100), "\u{fffd}[31mred\nnext\u{fffd}");
        assert_eq!(printable("a\u{202e}b".as_bytes(), 100), "a\u{fffd}b");
        assert_eq!(printable(b"\xff\xfe", 100), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn the_end_is_what_is_kept() {
        assert_eq!(printable(&[b"x".repeat(100), b"end".to_vec()].concat(), 3), "end");
        assert_eq!(printable("ää".as_bytes(), 3), "\u{fffd}ä");
    }
}
