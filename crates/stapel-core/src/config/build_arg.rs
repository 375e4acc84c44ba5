//! Build arguments: values for the `ARG` of a Dockerfile. They stand in the image's history, so no secret is one.

/// Whether a build argument can be called this.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let word = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    bytes.next().is_some_and(word) && bytes.all(|b| word(b) || b.is_ascii_digit())
}

/// One as it is given on a command line, `NAME=VALUE`; `None`: it is none.
#[must_use]
pub fn build_arg(word: &str) -> Option<(&str, &str)> {
    word.split_once('=').filter(|(name, _)| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_build_argument() {
        assert_eq!(build_arg("VERSION=1.2=3"), Some(("VERSION", "1.2=3")));
        assert_eq!(build_arg("_a1="), Some(("_a1", "")));
        for wrong in ["VERSION", "=1", "1A=1", "A-B=1", "Ä=1", "A B=1", "", "--no-cache"] {
            assert_eq!(build_arg(wrong), None, "{wrong}");
        }
    }
}
