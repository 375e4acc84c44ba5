use std::fmt;

use stapel_text::{Problem, problem};

/// The version of the protocol after the hello.
pub const PROTOCOL: u32 = 1;

/// Who speaks. Its line, `STAPEL 1 0.1.0 0123abcd`, is frozen for ever: it is what lets any two versions understand that
/// they do not understand each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The version of the crate.
    pub version: String,
    /// The id of the very build, in hexadecimal digits.
    pub build: String,
}

impl Hello {
    /// The hello of this version, built as `build` (hexadecimal digits, see [`crate::AgentBinary::build`]).
    #[must_use]
    pub fn new(build: impl Into<String>) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), build: build.into() }
    }

    /// Reads a line. What a login shell printed without a line break may stand before it. `None` for any other line.
    pub(crate) fn parse(line: &[u8]) -> Option<Result<Self, Problem>> {
        let line = std::str::from_utf8(line).ok().or_else(|| {
            // A banner in another encoding before it.
            let at = line.windows(7).rposition(|w| w == b"STAPEL ")?;
            std::str::from_utf8(&line[at..]).ok()
        })?;
        let mut words = line.trim_end_matches(['\n', '\r']).rsplit("STAPEL ").next()?.split(' ');
        let (protocol, version, build) = (words.next()?, words.next()?, words.next()?);
        let hex = !build.is_empty() && build.bytes().all(|b| b.is_ascii_hexdigit());
        let plain = !version.is_empty() && version.bytes().all(|b| b.is_ascii_graphic());
        if !line.contains("STAPEL ") || words.next().is_some() || !hex || !plain {
            return None;
        }
        let protocol: u32 = protocol.parse().ok()?;
        if protocol != PROTOCOL {
            return Some(Err(problem!(
                Refused,
                "wire-protocol",
                theirs = protocol,
                ours = PROTOCOL,
                version = version
            )));
        }
        Some(Ok(Self { version: version.to_owned(), build: build.to_owned() }))
    }
}

impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "STAPEL {PROTOCOL} {} {}", self.version, self.build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_frozen() {
        let hello = Hello { version: "0.1.0".into(), build: "0123abcd".into() };
        assert_eq!(hello.to_string(), "STAPEL 1 0.1.0 0123abcd");
        assert_eq!(Hello::parse(b"STAPEL 1 0.1.0 0123abcd\n"), Some(Ok(hello.clone())));
        assert_eq!(Hello::parse(b"welcome! STAPEL 1 0.1.0 0123abcd\r\n"), Some(Ok(hello.clone())));
        assert_eq!(Hello::parse(b"\xe9 STAPEL 1 0.1.0 0123abcd\n"), Some(Ok(hello)));
    }

    #[test]
    fn another_protocol_is_understood_enough_to_say_so() {
        let problem = Hello::parse(b"STAPEL 2 9.0.0 ff\n").unwrap().unwrap_err();
        assert_eq!(problem.code(), "wire-protocol");
        assert!(problem.to_string().contains("9.0.0"), "{problem}");
    }

    #[test]
    fn other_lines_are_not_a_hello() {
        for line in [
            "",
            "hello",
            "STAPEL",
            "STAPEL 1",
            "STAPEL x 0.1 ff",
            "STAPEL 1 0.1 xyz",
            "STAPEL 1 0.1 ff more",
            "1 0.1 ff",
        ] {
            assert_eq!(Hello::parse(line.as_bytes()), None, "{line}");
        }
    }
}
