use std::collections::HashSet;

use serde_json::Value;
use stapel_core::config::{JsonRule, JsonTest};
use stapel_text::{Text, text};

/// Why a rule does not hold; `None` where it does.
pub(super) fn broken(rule: &JsonRule, answer: &Value) -> Option<Text> {
    let pointer = &rule.pointer;
    let Some(found) = answer.pointer(pointer) else { return Some(text!("probe-json-missing", pointer = pointer)) };
    match &rule.test {
        JsonTest::Exists => None,
        JsonTest::Equals(wanted) if equal(found, wanted) => None,
        JsonTest::Equals(wanted) => {
            Some(text!("probe-json-differs", pointer = pointer, found = shortened(found), wanted = shortened(wanted)))
        }
        JsonTest::Count { least, most } => {
            let Some(count) = count(found) else {
                return Some(text!("probe-json-uncountable", pointer = pointer, found = shortened(found)));
            };
            if count < *least {
                return Some(text!("probe-json-few", pointer = pointer, count = count, least = *least));
            }
            let most = most.filter(|most| count > *most)?;
            Some(text!("probe-json-many", pointer = pointer, count = count, most = most))
        }
        JsonTest::Unique(fields) => {
            let Value::Array(elements) = found else {
                return Some(text!("probe-json-no-list", pointer = pointer, found = shortened(found)));
            };
            let mut seen = HashSet::new();
            let twice = elements.iter().map(|element| key(element, fields)).find(|key| !seen.insert(key.to_string()));
            twice.map(|key| text!("probe-json-twice", pointer = pointer, key = shortened(&key)))
        }
    }
}

/// The elements of a list or of an object, the characters of a string.
fn count(value: &Value) -> Option<u64> {
    let count = match value {
        Value::Array(elements) => elements.len(),
        Value::Object(fields) => fields.len(),
        Value::String(text) => text.chars().count(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    u64::try_from(count).ok()
}

/// What of an element is not to be there twice; a field that it has not is as good as `null`.
fn key(element: &Value, fields: &[String]) -> Value {
    let field = |name: &String| if name.starts_with('/') { element.pointer(name) } else { element.get(name) };
    match fields {
        [] => element.clone(),
        [one] => field(one).cloned().unwrap_or_default(),
        several => several.iter().map(|name| field(name).cloned().unwrap_or_default()).collect(),
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // Only where one is a fraction: two whole numbers above 2^53 may differ and be the same fraction.
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(k, v)| y.get(k).is_some_and(|w| equal(v, w)))
        }
        _ => a == b,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_hold_or_say_why_not() {
        let answer = json!({"status": "ok", "n": 1.0, "none": null, "rows": [{"a/b": [1, 2]}]});
        for (pointer, test, code) in [
            ("/status", JsonTest::Equals(json!("ok")), None),
            ("/status", JsonTest::Equals(json!("down")), Some("probe-json-differs")),
            ("/n", JsonTest::Equals(json!(1)), None),
            ("/n", JsonTest::Equals(json!("1")), Some("probe-json-differs")),
            ("/rows/0/a~1b", JsonTest::Equals(json!([1, 2.0])), None),
            ("/rows/0/a~1b", JsonTest::Equals(json!([1])), Some("probe-json-differs")),
            ("/none", JsonTest::Exists, None),
            ("/rows/1", JsonTest::Exists, Some("probe-json-missing")),
            ("status", JsonTest::Exists, Some("probe-json-missing")),
            ("", JsonTest::Exists, None),
        ] {
            let rule = JsonRule { pointer: pointer.into(), test };
            assert_eq!(broken(&rule, &answer).map(|t| t.id.into_owned()).as_deref(), code, "{rule:?}");
        }
    }

    /// A calendar that shows a slot twice is the accident of RUNBOOKS.md, H1.
    #[test]
    fn what_is_too_few_too_many_or_there_twice_is_seen() {
        let slot = |day: &str, hour: u8| json!({"day": day, "at": {"hour": hour}});
        let answer = json!({
            "slots": [slot("mon", 9), slot("mon", 10), slot("tue", 9), {"day": "wed"}],
            "tags": ["a", "b", "a"], "name": "ёж", "n": 3, "none": [],
        });
        let count = |least, most| JsonTest::Count { least, most };
        let unique = |fields: &[&str]| JsonTest::Unique(fields.iter().map(|field| (*field).to_owned()).collect());
        for (pointer, test, expected) in [
            ("/slots", count(4, Some(4)), None),
            ("/slots", count(5, None), Some("probe-json-few")),
            ("/slots", count(0, Some(3)), Some("probe-json-many")),
            ("/name", count(2, Some(2)), None),
            ("", count(5, Some(5)), None),
            ("/n", count(0, None), Some("probe-json-uncountable")),
            ("/slots", unique(&["day", "/at/hour"]), None),
            ("/slots", unique(&["day"]), Some("probe-json-twice")),
            ("/slots", unique(&["/at/hour"]), Some("probe-json-twice")),
            ("/slots", unique(&[]), None),
            ("/tags", unique(&[]), Some("probe-json-twice")),
            ("/none", unique(&["x"]), None),
            ("/n", unique(&[]), Some("probe-json-no-list")),
            ("/gone", unique(&[]), Some("probe-json-missing")),
        ] {
            let rule = JsonRule { pointer: pointer.into(), test };
            assert_eq!(broken(&rule, &answer).map(|t| t.id.into_owned()).as_deref(), expected, "{rule:?}");
        }
    }
}
