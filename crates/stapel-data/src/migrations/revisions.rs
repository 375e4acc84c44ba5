use std::sync::LazyLock;

use regex::Regex;

/// A revision line of `alembic current` and `alembic heads`: the revision and nothing but marks in brackets after it,
/// `ae1027a6acf (side) (head) (mergepoint)`. Alembic forbids `@`, `-` and `+` in revisions.
static REVISION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\w(?:[\w.]*\w)?)(?: \([^()]+\))*$").expect("a constant that tests compile"));

/// The revisions among the lines that a migration tool printed, both its outputs mixed. Log lines, warnings and what
/// compose itself says have more than one word and no brackets.
///
/// A stray line of a single word is taken for a revision too: a revision too many is seen and refused by whoever
/// compares, a missed one would look like an empty database.
#[must_use]
pub fn revisions(lines: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines {
        if let Some(hit) = REVISION.captures(line.trim_end())
            && !found.contains(&hit[1].to_owned())
        {
            found.push(hit[1].to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Alembic 1.20 logs to standard error before it prints to standard output.
    const INFO: &str = "\
INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.
INFO  [alembic.runtime.migration] Will assume transactional DDL.
";

    fn parse(printed: &str) -> Vec<String> {
        revisions(&format!("{INFO}{printed}").lines().map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn revisions_as_alembic_prints_them() {
        for (printed, expected) in [
            ("", &[][..]),
            ("0001_first (head)\n", &["0001_first"]),
            ("0001_first\n", &["0001_first"]),
            ("ae1027a6acf (head)\nff00 (side) (head)\n", &["ae1027a6acf", "ff00"]),
            ("ae1027a6acf\nff00\n", &["ae1027a6acf", "ff00"]),
            ("m1 (head) (mergepoint)\n", &["m1"]),
            ("m1 (side) (head) (mergepoint)\r\n", &["m1"]),
            ("v1.2 (effective head)\n", &["v1.2"]),
        ] {
            assert_eq!(parse(printed), expected, "{printed:?}");
        }
    }

    #[test]
    fn what_others_print_is_no_revision() {
        for line in [
            " Container app-db-1  Running",
            "Creating app_api_run ... done",
            "/usr/lib/python3/site.py:10: DeprecationWarning: use (head)",
            "  warnings.warn(",
            "FAILED: Can't locate revision identified by 'gone'",
            "Loading...",
            "(head)",
            "done (in 3 s) now",
            "INFO  [alembic.runtime.migration] Running upgrade  -> 0001_first, first",
        ] {
            assert_eq!(parse(line), Vec::<String>::new(), "{line}");
        }
    }
}
