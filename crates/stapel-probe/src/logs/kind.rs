use super::expression::expression;

expression!(CHANGING, r"(?i)\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b|[0-9]+");
expression!(SPACE, r"\s+");

/// What stays of a line when it is logged again: times, numbers, addresses and ids are taken out. Names stay, for a
/// table that is missing now is another matter than the one that was missing before.
#[must_use]
pub fn kind(line: &str) -> String {
    SPACE.replace_all(&CHANGING.replace_all(line.trim(), "#"), " ").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_at_another_time_is_of_the_same_kind() {
        let same = [
            (
                "2026-11-20 09:15:00.123 UTC [71] ERROR:  relation \"t\" does not exist at character 15",
                "2026-11-21 10:00:59.9 UTC [1088] ERROR:  relation \"t\" does not exist at character 7",
            ),
            (
                "ERROR request 6f1c9f64-0d0b-4b54-9a3e-0a7a1f0f5a11 failed",
                "ERROR request 00000000-1111-2222-3333-abcdefabcdef failed",
            ),
            ("ERROR <Task object at 0x7f00aa>", "ERROR <Task object at 0x55>"),
        ];
        for (a, b) in same {
            assert_eq!(kind(a), kind(b));
        }
        assert_ne!(
            kind("ERROR:  relation \"orders\" does not exist"),
            kind("ERROR:  relation \"masters\" does not exist")
        );
    }
}
