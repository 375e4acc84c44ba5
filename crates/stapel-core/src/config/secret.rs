use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// What stands in a masked text in place of a secret.
const MASK: &str = "***";

/// A value that may be secret, as it goes into journals and plan files: with `${NAME}` in place of what the operator's
/// environment has under that name. What it stands for is in [`Secrets`], which travel apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A value as it is written in a file: text, `${NAME}`, and `$${` for a literal `${`.
    #[must_use]
    pub fn new(template: impl Into<String>) -> Self {
        Self(template.into())
    }

    /// The variable that it is, where it is one and nothing else.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match parts(&self.0)[..] {
            [Part::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// What it stands for.
    ///
    /// # Errors
    /// `core-secret-missing` where a name is not among the secrets: they did not come along.
    pub fn reveal(&self, secrets: &Secrets) -> Result<String, Problem> {
        let mut all = String::new();
        for part in parts(&self.0) {
            match part {
                Part::Plain(text) => all.push_str(text),
                // One that was written out has the name of its place, which no variable could have.
                Part::Name(name) | Part::Wrong(name) => match secrets.0.get(name) {
                    Some(value) => all.push_str(value),
                    None => return Err(problem!(Usage, "core-secret-missing", name = name)),
                },
            }
        }
        Ok(all)
    }
}

/// What the names in a configuration's secret values stand for. They go with the session, never into a record; `Debug` tells
/// their names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds one.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes over those of others that it has not itself.
    #[must_use]
    pub fn completed(mut self, others: &Self) -> Self {
        for (name, value) in &others.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// A text of others (an answer of a server) without what is secret in it.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut values: Vec<_> = self.0.values().filter(|value| !value.is_empty()).collect();
        // One may be part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A piece of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text as it is.
    Plain(&'a str),
    /// The name in `${NAME}`.
    Name(&'a str),
    /// What stands in `${…}` and is no name; to the end of the value where nothing closes it.
    Wrong(&'a str),
}

/// The pieces of a value, in order.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, inside) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            all.extend([Part::Plain(before), Part::Plain("${")]);
            rest = inside;
            continue;
        }
        all.push(Part::Plain(before));
        let (name, after) = inside.split_once('}').map_or((inside, None), |(name, after)| (name, Some(after)));
        let closed = after.is_some();
        all.push(if closed && is_name(name) { Part::Name(name) } else { Part::Wrong(name) });
        rest = after.unwrap_or_default();
    }
    all.push(Part::Plain(rest));
    all.retain(|part| *part != Part::Plain(""));
    all
}

/// What an environment has names of.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_text_and_names() {
        use Part::{Name, Plain, Wrong};
        for (text, expected) in [
            ("", &[][..]),
            ("plain $HOME {x} $", &[Plain("plain $HOME {x} $")]),
            ("${A}", &[Name("A")]),
            (
                "https://x.example/${A_1}/${_b}?",
                &[Plain("https://x.example/"), Name("A_1"), Plain("/"), Name("_b"), Plain("?")],
            ),
            ("$${A}", &[Plain("${"), Plain("A}")]),
            ("a$$${A}", &[Plain("a$"), Plain("${"), Plain("A}")]),
            ("${}", &[Wrong("")]),
            ("${1A}x", &[Wrong("1A"), Plain("x")]),
            ("${A", &[Wrong("A")]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_secret_is_neither_serialized_nor_shown() {
        let mut secrets = Secrets::default();
        secrets.insert("TOKEN", "s3cret");
        secrets.insert("LONGER", "s3cret-and-more");
        let secret = Secret::new("bot${TOKEN}$${x}");
        assert_eq!(secret.reveal(&secrets).unwrap(), "bots3cret${x}");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"bot${TOKEN}$${x}\"");
        assert_eq!(format!("{secrets:?}"), r#"{"LONGER", "TOKEN"}"#);
        assert_eq!(secrets.mask("a s3cret-and-more, s3cret"), "a ***, ***");
        let problem = secret.reveal(&Secrets::default()).unwrap_err();
        assert!(problem.to_string().contains("TOKEN"), "{problem}");
    }
}
