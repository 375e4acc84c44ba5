use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

static PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(://[^\s:/@]*):[^\s/@]+@").expect("a constant that tests compile"));

/// A line with the passwords of the URLs in it made unreadable. What a migration tool prints goes to screens and the
/// journal, and tools print the URL they cannot connect to.
pub(crate) fn passwords(line: &str) -> Cow<'_, str> {
    PASSWORD.replace_all(line, "$1:***@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(
            passwords("could not connect: postgresql+psycopg://app:s3cr:et@db:5432/app (and redis://:pw@r:6379)"),
            "could not connect: postgresql+psycopg://app:***@db:5432/app (and redis://:***@r:6379)"
        );
        assert_eq!(passwords("see https://docs.example:443/a@b"), "see https://docs.example:443/a@b");
    }
}
