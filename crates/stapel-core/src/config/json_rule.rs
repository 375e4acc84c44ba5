use serde::{Deserialize, Serialize};
use serde_json::Value;
use stapel_text::text;

use super::table::Table;

/// `[[check.json]]`: something that must hold inside a JSON answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonRule {
    /// Where: a JSON pointer (RFC 6901), `/items/0/title`; empty for the whole answer.
    pub pointer: String,
    /// What must hold there.
    pub test: JsonTest,
}

/// What a [`JsonRule`] wants of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonTest {
    /// It is there, be it `null`.
    Exists,
    /// It is this. Numbers are equal by their value: `1` is `1.0`.
    Equals(Value),
    /// It has so many elements, or characters.
    Count {
        /// At the least.
        least: u64,
        /// At the most; `None`: however many.
        most: Option<u64>,
    },
    /// No two of its elements are the same in these fields, each a JSON pointer or a name; in all of them where there are none.
    Unique(Vec<String>),
}

/// Reads those of one table: one for each thing that it wants, and that something is there where it says no more.
pub(super) fn rules(t: &Table<'_>) -> Vec<JsonRule> {
    let pointer = t.string("at").unwrap_or_default();
    if !pointer.is_empty() && !pointer.starts_with('/') {
        t.error(t.span_of("at"), text!("core-config-json-at"));
    }
    let whole = |key| t.integer(key, 0, i64::from(u32::MAX)).and_then(|n| u64::try_from(n).ok());
    let (equals, count) = (t.scalar("equals"), whole("count"));
    let (least, most) = (whole("at_least"), whole("at_most"));
    if count.is_some() && (least.is_some() || most.is_some()) {
        t.error(t.span_of("count"), text!("core-config-json-count"));
    }
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        t.error(t.span_of("at_most"), text!("core-config-json-range"));
    }
    let count = match (count, least, most) {
        (Some(count), _, _) => Some(JsonTest::Count { least: count, most: Some(count) }),
        (None, None, None) => None,
        (None, least, most) => Some(JsonTest::Count { least: least.unwrap_or_default(), most }),
    };
    let tests = [equals.map(JsonTest::Equals), count, t.strings("unique").map(JsonTest::Unique)];
    t.unknown();
    let mut tests: Vec<_> = tests.into_iter().flatten().collect();
    if tests.is_empty() {
        tests.push(JsonTest::Exists);
    }
    tests.into_iter().map(|test| JsonRule { pointer: pointer.clone(), test }).collect()
}
