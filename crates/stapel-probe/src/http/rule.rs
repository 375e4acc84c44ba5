use serde::{Deserialize, Serialize};
use serde_json::Value;
use stapel_text::{Text, text};

/// Something that must hold inside a JSON answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JsonRule {
    /// Where: a JSON pointer (RFC 6901), `/items/0/title`; empty for the whole answer.
    pub pointer: String,
    /// What must hold there.
    pub test: JsonTest,
}

/// What a [`JsonRule`] wants of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonTest {
    /// It is there, be it `null`.
    Exists,
    /// It is this. Numbers are equal by their value: `1` is `1.0`.
    Equals(Value),
}

impl JsonRule {
    /// Why it does not hold; `None` where it does.
    #[must_use]
    pub fn broken(&self, answer: &Value) -> Option<Text> {
        let Some(found) = answer.pointer(&self.pointer) else {
            return Some(text!("probe-json-missing", pointer = &self.pointer));
        };
        match &self.test {
            JsonTest::Exists => None,
            JsonTest::Equals(wanted) if equal(found, wanted) => None,
            JsonTest::Equals(wanted) => Some(text!(
                "probe-json-differs",
                pointer = &self.pointer,
                found = shortened(found),
                wanted = shortened(wanted)
            )),
        }
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
            assert_eq!(rule.broken(&answer).map(|t| t.id.into_owned()).as_deref(), code, "{rule:?}");
        }
    }
}
