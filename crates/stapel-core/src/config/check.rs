use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `[[check]]`: one thing that must hold of a serving app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What people call it.
    pub name: String,
    /// How it reaches the app.
    pub way: Way,
    /// The service whose port a path is asked of; `None` where there is only one.
    pub service: Option<String>,
    /// Statuses that are fine. Empty: any from 200 to 299.
    pub status: Vec<u16>,
    /// What the body must contain.
    pub contains: Option<String>,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Check {
    /// A check from one word of a command line, for one release: `[SERVICE:]/PATH` or a URL, `=200,401` behind it where another
    /// status than one from 200 to 299 is fine. `None` for anything else.
    #[must_use]
    pub fn one_off(word: &str) -> Option<Self> {
        let number = |n: &str| n.parse().ok().filter(|n| (100..=599).contains(n));
        let (place, status) = match word.rsplit_once('=') {
            // A query may end like that, too: `?day=1` is none.
            Some((place, codes)) if codes.split(',').all(|code| code.len() == 3 && number(code).is_some()) => {
                (place, codes.split(',').filter_map(number).collect())
            }
            _ => (word, Vec::new()),
        };
        let (service, way) = if place.starts_with("http://") || place.starts_with("https://") {
            (None, Way::Url { url: place.to_owned(), via: None })
        } else if place.starts_with('/') {
            (None, Way::Path(place.to_owned()))
        } else {
            let (service, path) =
                place.split_once(':').filter(|(_, path)| path.starts_with('/') && !path.starts_with("//"))?;
            (Some(service.to_owned()), Way::Path(path.to_owned()))
        };
        let timeout = Self::TIMEOUT;
        Some(Self { name: word.to_owned(), way, service, status, contains: None, timeout })
    }

    /// How long an answer may take where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

/// How a check reaches the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A path asked of the service's own port on the host; also asked of a candidate before it is let in.
    Path(String),
    /// A whole URL, the way users come; `via` is the address to connect to where the name does not lead there.
    Url {
        /// The URL.
        url: String,
        /// Where to connect instead of what the URL's name resolves to.
        via: Option<SocketAddr>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_check() {
        let path = |p: &str| Way::Path(p.into());
        for (word, service, way, status) in [
            ("/new", None, path("/new"), &[][..]),
            ("/new?period=day", None, path("/new?period=day"), &[]),
            ("/new?id=7=200,401", None, path("/new?id=7"), &[200, 401]),
            ("web:/new=404", Some("web"), path("/new"), &[404]),
            ("https://shop.example/x=204", None, Way::Url { url: "https://shop.example/x".into(), via: None }, &[204]),
        ] {
            let check = Check::one_off(word).unwrap();
            let found = (check.service.as_deref(), check.way, check.status.as_slice());
            assert_eq!(found, (service, way, status), "{word}");
        }
        for wrong in ["", "new", "web:new", "ftp://x", "=200"] {
            assert_eq!(Check::one_off(wrong), None, "{wrong}");
        }
    }
}
