use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stapel_text::text;

use super::pattern::unusable;
use super::table::Table;
use super::{JsonRule, Secret, Service, json_rule};

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
    /// What is sent along, by name: what a server lets in by (`Authorization`) is in such a header.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How it is asked.
    #[serde(default, skip_serializing_if = "Method::is_get")]
    pub method: Method,
    /// A regular expression that the body must match somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// What a whole answer may take to be fine; one that takes longer, and no longer than `timeout`, is an answer that is too slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// What must hold inside a JSON body; all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonRule>,
}

/// How a check asks. Only what changes nothing: it is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// With a body in the answer.
    #[default]
    Get,
    /// Without.
    Head,
}

impl Method {
    fn is_get(&self) -> bool {
        *self == Self::Get
    }
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
        Some(Self { service, status, ..Self::new(word, way) })
    }

    /// A check that only a person can answer, for one release.
    #[must_use]
    pub fn question(words: &str) -> Self {
        Self { timeout: Self::PATIENCE, ..Self::new(words, Way::Person(words.to_owned())) }
    }

    fn new(name: &str, way: Way) -> Self {
        Self {
            name: name.to_owned(),
            way,
            service: None,
            status: Vec::new(),
            contains: None,
            headers: BTreeMap::new(),
            timeout: Self::TIMEOUT,
            method: Method::Get,
            matches: None,
            within: None,
            json: Vec::new(),
        }
    }

    /// What a person is asked; `None` for what a request answers.
    #[must_use]
    pub fn asks(&self) -> Option<&str> {
        match &self.way {
            Way::Person(question) => Some(question),
            Way::Path(_) | Way::Url { .. } => None,
        }
    }

    /// How long an answer may take where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// The same of a person's.
    pub const PATIENCE: Duration = Duration::from_mins(15);
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
    /// A person is asked this once the release is through: what no request can see.
    Person(String),
}

/// Reads all of them.
pub(super) fn checks(root: &Table<'_>, services: &BTreeMap<String, Service>) -> Vec<Check> {
    let mut all: Vec<Check> = Vec::new();
    for (index, t) in root.array("check").into_iter().enumerate() {
        let place = t.span_of("name");
        let Some(check) = check(t, index + 1, services) else { continue };
        // Gates and answers go by name.
        if all.iter().any(|other| other.name == check.name) {
            root.error(place, text!("core-config-check-twice"));
        }
        all.push(check);
    }
    all
}

/// The number is the place in the file, from 1.
fn check(t: Table<'_>, number: usize, services: &BTreeMap<String, Service>) -> Option<Check> {
    let name = t.required("name");
    let way = way(&t);
    let service = t.string("service");
    let known = || services.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    match &service {
        Some(name) if !services.contains_key(name) => {
            t.error(t.span_of("service"), text!("core-config-no-such-service", name = name, known = known()));
        }
        None if services.len() > 1 && matches!(way, Some(Way::Path(_))) => {
            t.error(t.span_of("path"), text!("core-config-check-service", known = known()));
        }
        _ => {}
    }
    let status: Vec<_> =
        t.integers("status", 100, 599).unwrap_or_default().into_iter().filter_map(|s| u16::try_from(s).ok()).collect();
    let contains = t.string("contains");
    let headers = t.secrets("headers", &format!("check.{number}.headers"));
    for name in headers.keys().filter(|name| !is_header(name)) {
        t.error(t.span_of("headers"), text!("core-config-check-header", name = name));
    }
    let person = matches!(way, Some(Way::Person(_)));
    let timeout = t.duration("timeout").unwrap_or(if person { Check::PATIENCE } else { Check::TIMEOUT });
    let method = t.choice("method", &[("GET", Method::Get), ("HEAD", Method::Head)]).unwrap_or_default();
    let matches = t.string("matches");
    if let Some(said) = matches.as_deref().and_then(unusable) {
        t.error(t.span_of("matches"), text!("core-config-pattern", said = said));
    }
    let within = t.duration("within");
    if within.is_some_and(|within| within > timeout) {
        t.error(t.span_of("within"), text!("core-config-check-within"));
    }
    let json: Vec<_> = t.array("json").iter().flat_map(json_rule::rules).collect();
    let about_answers = ["service", "status", "contains", "headers", "method", "matches", "within", "json"];
    for key in about_answers.into_iter().filter(|key| person && t.has(key)) {
        t.error(t.span_of(key), text!("core-config-check-person", key = key));
    }
    for key in ["contains", "matches", "json"].into_iter().filter(|key| method == Method::Head && t.has(key)) {
        t.error(t.span_of(key), text!("core-config-check-head", key = key));
    }
    t.finish();
    Some(Check { name: name?, way: way?, service, status, contains, headers, timeout, method, matches, within, json })
}

/// What HTTP takes for the name of a header (RFC 9110, 5.6.2).
fn is_header(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(fits)
}

fn way(t: &Table<'_>) -> Option<Way> {
    let via = t.string("via").and_then(|v| {
        let parsed = v.parse().ok();
        if parsed.is_none() {
            t.error(t.span_of("via"), text!("core-config-address", key = "via"));
        }
        parsed
    });
    match (t.string("path"), t.string("url"), t.string("ask")) {
        (Some(path), None, None) if path.starts_with('/') => Some(Way::Path(path)),
        (Some(_), None, None) => {
            t.error(t.span_of("path"), text!("core-config-check-path"));
            None
        }
        (None, Some(url), None) if url.starts_with("http://") || url.starts_with("https://") => {
            Some(Way::Url { url, via })
        }
        (None, Some(_), None) => {
            t.error(t.span_of("url"), text!("core-config-check-url"));
            None
        }
        (None, None, Some(question)) => Some(Way::Person(question)),
        _ => {
            t.error(t.span_of("name"), text!("core-config-check-way"));
            None
        }
    }
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
