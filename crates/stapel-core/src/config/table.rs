use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use stapel_text::{Text, text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::secret::{Part, parts};
use super::{Finding, Limit, Secret, Secrets};

/// What `${NAME}` stands for.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Each name's value.
    pub variables: &'a dyn Fn(&str) -> Option<String>,
    /// Whether it has to have every name: who only looks needs no secrets.
    pub whole: bool,
}

/// What reading a file has brought so far, shared by all its tables, and what it reads besides the file.
pub(super) struct Notes<'a> {
    /// What is wrong.
    pub(super) findings: RefCell<Vec<Finding>>,
    /// The keys that were asked for, by table and name: what there is to be said in such a file.
    pub(super) asked: RefCell<Vec<(String, &'static str, Kind)>>,
    /// What `${NAME}` stood for, and what was written where a secret is expected.
    pub(super) secrets: RefCell<Secrets>,
    source: &'a str,
    environment: Environment<'a>,
}

impl<'a> Notes<'a> {
    /// About to read this text, with an environment for what is secret.
    pub(super) fn new(source: &'a str, environment: Environment<'a>) -> Self {
        let (findings, asked, secrets) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { findings, asked, secrets, source, environment }
    }

    /// Where `word` stands in the value there; the whole value where it is written with escapes.
    fn within(&self, span: Range<usize>, word: &str) -> Range<usize> {
        let at = self.source.get(span.clone()).and_then(|raw| raw.find(word));
        at.map_or(span.clone(), |at| span.start + at..span.start + at + word.len())
    }
}

/// What the value of a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    String,
    /// A string, with `${NAME}` for what the environment has.
    Secret,
    /// Such strings by names that the team chooses.
    SecretTable,
    /// A list of strings.
    Strings,
    /// A table of strings by their names.
    Pairs,
    /// A whole number.
    Integer,
    /// A list of whole numbers, or one.
    Integers,
    /// `true` or `false`.
    Boolean,
    /// A string, a number, `true` or `false`.
    Scalar,
    /// Such as `"90s"`.
    Duration,
    /// Such as `"10GB"`, or `"off"`.
    Limit,
    /// One of these words.
    Choice(Vec<&'static str>),
    /// A list of some of these words.
    Choices(Vec<&'static str>),
}

/// A table of the file that remembers which of its keys were asked for, so that the others are unknown.
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    /// Its header, with NAME for a name that the team chooses; empty for the top of the file.
    header: String,
    /// Where the table itself stands, for a key that is missing.
    span: Range<usize>,
    notes: &'a Notes<'a>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// The top of a file.
    pub(super) fn top(table: &'a DeTable<'a>, notes: &'a Notes<'a>) -> Self {
        Self { table, header: String::new(), span: 0..0, notes, known: RefCell::default() }
    }

    fn below(&self, table: &'a DeTable<'a>, header: String, span: Range<usize>) -> Self {
        Self { table, header, span, notes: self.notes, known: RefCell::default() }
    }

    fn asked(&self, key: &'static str, kind: Kind) {
        let mut asked = self.notes.asked.borrow_mut();
        match asked.iter_mut().find(|(header, known, _)| *header == self.header && *known == key) {
            // The words of a choice are read as a string, or as strings.
            Some(known) if !matches!(kind, Kind::String | Kind::Strings) => known.2 = kind,
            Some(_) => {}
            None => asked.push((self.header.clone(), key, kind)),
        }
    }

    pub(super) fn error(&self, span: Range<usize>, what: Text) {
        self.notes.findings.borrow_mut().push(Finding { what, span });
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// Where the value of a key stands; the table itself where the key is absent.
    pub(super) fn span_of(&self, key: &'static str) -> Range<usize> {
        self.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: Text) {
        let found = match value.get_ref() {
            DeValue::String(_) => text!("core-type-string"),
            DeValue::Integer(_) => text!("core-type-integer"),
            DeValue::Float(_) => text!("core-type-float"),
            DeValue::Boolean(_) => text!("core-type-boolean"),
            DeValue::Datetime(_) => text!("core-type-datetime"),
            DeValue::Array(_) => text!("core-type-array"),
            DeValue::Table(_) => text!("core-type-table"),
        };
        self.error(value.span(), text!("core-config-type", key = key, expected = expected, found = found));
    }

    pub(super) fn string(&self, key: &'static str) -> Option<String> {
        self.asked(key, Kind::String);
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(s) if s.trim().is_empty() => {
                self.error(value.span(), text!("core-config-empty", key = key));
                None
            }
            DeValue::String(s) => Some(self.plain(key, s, value.span())),
            _ => {
                self.wrong_type(key, value, text!("core-type-string"));
                None
            }
        }
    }

    /// A value that is written down and shown as it is: `${NAME}` has no place in it.
    fn plain(&self, key: &str, value: &str, span: Range<usize>) -> String {
        let mut all = String::new();
        for part in parts(value) {
            match part {
                Part::Plain(text) => all.push_str(text),
                Part::Name(name) | Part::Wrong(name) => {
                    let place = self.notes.within(span.clone(), &format!("${{{name}"));
                    self.error(place, text!("core-config-variable-here", key = key));
                }
            }
        }
        all
    }

    /// A value that may be secret. One that is written out is taken for a secret all the same: `place` is what it is then
    /// called in what is written down.
    pub(super) fn secret(&self, key: &'static str, place: &str) -> Option<Secret> {
        self.asked(key, Kind::Secret);
        self.secret_of(key, self.get(key)?, place)
    }

    /// Values that may be secret, by names that the team chooses.
    pub(super) fn secrets(&self, key: &'static str, place: &str) -> BTreeMap<String, Secret> {
        self.asked(key, Kind::SecretTable);
        let Some(value) = self.get(key) else { return BTreeMap::new() };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-secret-table"));
            return BTreeMap::new();
        };
        let one = |(name, value): (&Spanned<_>, &Spanned<DeValue<'a>>)| {
            let name: &std::borrow::Cow<'a, str> = name.get_ref();
            Some((name.to_string(), self.secret_of(name, value, &format!("{place}.{name}"))?))
        };
        table.iter().filter_map(one).collect()
    }

    fn secret_of(&self, key: &str, value: &Spanned<DeValue<'_>>, place: &str) -> Option<Secret> {
        let DeValue::String(template) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-string"));
            return None;
        };
        if template.trim().is_empty() {
            self.error(value.span(), text!("core-config-empty", key = key));
            return None;
        }
        let parts = parts(template);
        if parts.iter().all(|part| matches!(part, Part::Plain(_))) {
            let value: String = parts.iter().map(|part| if let Part::Plain(text) = part { text } else { "" }).collect();
            self.notes.secrets.borrow_mut().insert(place, value);
            return Some(Secret::new(format!("${{{place}}}")));
        }
        for part in parts {
            let (name, wrong) = match part {
                Part::Plain(_) => continue,
                Part::Name(name) => match (self.notes.environment.variables)(name).filter(|value| !value.is_empty()) {
                    Some(value) => {
                        self.notes.secrets.borrow_mut().insert(name, value);
                        continue;
                    }
                    None if !self.notes.environment.whole => continue,
                    None => (name, text!("core-config-variable-unset", name = name)),
                },
                Part::Wrong(name) => (name, text!("core-config-variable", key = key)),
            };
            self.error(self.notes.within(value.span(), &format!("${{{name}")), wrong);
        }
        Some(Secret::new(template.to_string()))
    }

    /// As [`Table::secret`], for a key that must be there.
    pub(super) fn required_secret(&self, key: &'static str, place: &str) -> Option<Secret> {
        if self.get(key).is_none() {
            self.error(self.span.clone(), text!("core-config-missing", key = key));
        }
        self.secret(key, place)
    }

    /// What a secret value stands for, to be looked at while the file is read; `None` where that is not known.
    pub(super) fn revealed(&self, secret: &Secret) -> Option<String> {
        secret.reveal(&self.notes.secrets.borrow()).ok()
    }

    pub(super) fn required(&self, key: &'static str) -> Option<String> {
        if self.get(key).is_none() {
            self.error(self.span.clone(), text!("core-config-missing", key = key));
        }
        self.string(key)
    }

    pub(super) fn strings(&self, key: &'static str) -> Option<Vec<String>> {
        self.asked(key, Kind::Strings);
        let value = self.get(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-strings"));
            return None;
        };
        let mut all = Vec::new();
        for item in array {
            match item.get_ref() {
                DeValue::String(s) => all.push(self.plain(key, s, item.span())),
                _ => self.wrong_type(key, item, text!("core-type-string")),
            }
        }
        Some(all)
    }

    /// Strings by name; of each name that is none `wrong` is said.
    pub(super) fn pairs(
        &self,
        key: &'static str,
        is_name: fn(&str) -> bool,
        wrong: fn() -> Text,
    ) -> Option<BTreeMap<String, String>> {
        self.asked(key, Kind::Pairs);
        let value = self.get(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-pairs"));
            return None;
        };
        let mut all = BTreeMap::new();
        for (name, item) in table {
            if !is_name(name.get_ref()) {
                self.error(name.span(), wrong());
            }
            match item.get_ref() {
                DeValue::String(s) => drop(all.insert(name.get_ref().to_string(), self.plain(key, s, item.span()))),
                _ => self.wrong_type(name.get_ref(), item, text!("core-type-string")),
            }
        }
        Some(all)
    }

    pub(super) fn integer(&self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        self.asked(key, Kind::Integer);
        let value = self.get(key)?;
        self.integer_of(key, value, least, most)
    }

    fn integer_of(&self, key: &str, value: &Spanned<DeValue<'_>>, least: i64, most: i64) -> Option<i64> {
        let DeValue::Integer(n) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-integer"));
            return None;
        };
        match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) if (least..=most).contains(&n) => Some(n),
            _ => {
                self.error(
                    value.span(),
                    text!("core-config-range", key = key, least = least.to_string(), most = most.to_string()),
                );
                None
            }
        }
    }

    pub(super) fn integers(&self, key: &'static str, least: i64, most: i64) -> Option<Vec<i64>> {
        self.asked(key, Kind::Integers);
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Array(array) => Some(array.iter().filter_map(|v| self.integer_of(key, v, least, most)).collect()),
            _ => self.integer_of(key, value, least, most).map(|n| vec![n]),
        }
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        self.asked(key, Kind::Boolean);
        let value = self.get(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(*b);
        }
        self.wrong_type(key, value, text!("core-type-boolean"));
        None
    }

    /// A string, a number or a truth value, as JSON has it.
    pub(super) fn scalar(&self, key: &'static str) -> Option<serde_json::Value> {
        self.asked(key, Kind::Scalar);
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::String(s) => Some(self.plain(key, s, value.span()).into()),
            DeValue::Boolean(b) => Some((*b).into()),
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(Into::into),
            DeValue::Float(f) => f.as_str().parse().ok().and_then(serde_json::Number::from_f64).map(Into::into),
            _ => None,
        };
        if read.is_none() {
            self.wrong_type(key, value, text!("core-type-scalar"));
        }
        read
    }

    /// A duration written as `"90s"`, `"5m"`, `"1m 30s"` or a whole number of seconds.
    pub(super) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.asked(key, Kind::Duration);
        let value = self.get(key)?;
        let parsed = match value.get_ref() {
            DeValue::Integer(n) => n.as_str().parse().ok().map(Duration::from_secs),
            DeValue::String(s) => s.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok()),
            _ => None,
        };
        if parsed.is_none_or(|d| d > Duration::from_hours(24)) {
            self.error(value.span(), text!("core-config-duration", key = key));
            return None;
        }
        parsed
    }

    /// A size written as `"10GB"`, or `"off"`.
    pub(super) fn limit(&self, key: &'static str) -> Option<Limit> {
        self.asked(key, Kind::Limit);
        let limit = Limit::read(&self.string(key)?);
        if limit.is_none() {
            self.error(self.span_of(key), text!("core-config-limit", key = key));
        }
        limit
    }

    pub(super) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(t) => Some(self.below(t, format!("[{key}]"), value.span())),
            _ => {
                self.wrong_type(key, value, text!("core-type-table"));
                None
            }
        }
    }

    /// The named tables below a key: `[target.production]`.
    pub(super) fn named(&self, key: &'static str) -> Vec<(String, Table<'a>)> {
        let Some(outer) = self.table(key) else { return Vec::new() };
        let mut all = Vec::new();
        for (name, value) in outer.table {
            match value.get_ref() {
                DeValue::Table(t) => {
                    all.push((name.get_ref().to_string(), self.below(t, format!("[{key}.NAME]"), name.span())));
                }
                _ => outer.wrong_type(name.get_ref(), value, text!("core-type-table")),
            }
        }
        all
    }

    /// An array of tables: `[[check]]`.
    pub(super) fn array(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value, text!("core-type-tables"));
            return Vec::new();
        };
        let above = self.header.trim_matches(['[', ']']);
        let header = if above.is_empty() { format!("[[{key}]]") } else { format!("[[{above}.{key}]]") };
        let mut all = Vec::new();
        for item in array {
            match item.get_ref() {
                DeValue::Table(t) => all.push(self.below(t, header.clone(), item.span())),
                _ => self.wrong_type(key, item, text!("core-type-table")),
            }
        }
        all
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        self.asked(key, Kind::Choice(choices.iter().map(|(name, _)| *name).collect()));
        let word = self.string(key)?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.error(
                self.span_of(key),
                text!("core-config-choice", key = key, found = word, choices = names.join(", ")),
            );
        }
        found
    }

    /// Some of some words.
    pub(super) fn choices<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Option<Vec<T>> {
        self.asked(key, Kind::Choices(choices.iter().map(|(name, _)| *name).collect()));
        let words = self.strings(key)?;
        let mut all = Vec::new();
        for word in words {
            match choices.iter().find(|(name, _)| *name == word) {
                Some((_, value)) => all.push(*value),
                None => {
                    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                    let place = self.notes.within(self.span_of(key), &word);
                    self.error(place, text!("core-config-choice", key = key, found = word, choices = names.join(", ")));
                }
            }
        }
        Some(all)
    }

    /// Every key that nobody asked for is unknown; the nearest known one is offered.
    pub(super) fn finish(self) {
        self.unknown();
    }

    /// As [`Table::finish`], where the table is still needed.
    pub(super) fn unknown(&self) {
        let known = self.known.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if known.contains(name) {
                continue;
            }
            let nearest =
                known.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let what = match nearest {
                Some(nearest) if strsim::jaro_winkler(nearest, name) > 0.8 => {
                    text!("core-config-unknown-near", key = name, nearest = *nearest)
                }
                _ => {
                    let all: Vec<_> = known.iter().copied().collect();
                    text!("core-config-unknown", key = name, known = all.join(", "))
                }
            };
            self.error(key.span(), what);
        }
    }
}
