//! YAML and JSON as they come, read without insisting on anything: what compose prints is understood by its own rules, and
//! what a team wrote may hold variables where a number is expected.

use serde_json::Value;

/// Reads YAML, of which JSON is a part. The error has no snippet: it could show a secret.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|e| e.to_string());
    }
    let options = serde_saphyr::Options { strict_booleans: true, with_snippet: false, ..Default::default() };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|e| e.to_string().lines().next().unwrap_or("").to_owned())
}

/// A scalar as a word.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// One word or a list of them.
pub(super) fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().filter_map(word).collect(),
        other => word(other).into_iter().collect(),
    }
}

/// Names with values, as a map or as a list of `NAME=VALUE`.
pub(super) fn pairs(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), word(v).unwrap_or_default())).collect(),
        other => {
            let pair = |w: String| w.split_once('=').map_or((w.clone(), String::new()), |(k, v)| (k.into(), v.into()));
            words(other).into_iter().map(pair).collect()
        }
    }
}

/// The names in a map or a list.
pub(super) fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        other => words(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_team_writes_is_read() {
        let text = "x-common: &common\n  restart: always\nservices:\n  web:\n    <<: *common\n    ports: !reset []\n    image: a:${TAG:-1}\n";
        let value = read(text).unwrap();
        assert_eq!(value["services"]["web"]["restart"], "always");
        assert_eq!(value["services"]["web"]["image"], "a:${TAG:-1}");
        assert!(read("services:\n  web: [\n").is_err());
    }

    #[test]
    fn maps_and_lists_are_one() {
        let value = read("a: {X: 1, Y: z}\nb: [X=1, Y]\n").unwrap();
        assert_eq!(pairs(&value["a"]), [("X".into(), "1".into()), ("Y".to_owned(), "z".to_owned())]);
        assert_eq!(pairs(&value["b"]), [("X".into(), "1".into()), ("Y".to_owned(), String::new())]);
        assert_eq!(keys(&value["a"]), ["X", "Y"]);
    }
}
