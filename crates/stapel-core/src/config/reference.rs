use stapel_text::{Catalogue, Text, text};

use super::Config;
use super::table::{Environment, Kind, Notes};

/// A file in which every table occurs.
const EVERYTHING: &str = r#"
app = "shop"
[target.production]
host = "local"
path = "/srv/shop"
[source]
[compose]
[service.web]
[database.main]
kind = "sqlite"
path = "shop.db"
[migration]
tool = "alembic"
service = "web"
[backup]
[images]
[[check]]
name = "health"
path = "/health"
[[check.json]]
[[phase]]
name = "the site"
[watch]
[[watch.log]]
file = "log"
[relay]
[quiet]
zone = "UTC"
hours = ["Sat 00:00-01:00"]
[[notify]]
kind = "telegram"
token = "1:a"
chat = "-1"
[[notify]]
kind = "webhook"
url = "https://chat.example/1"
[[hook]]
before = "release"
run = ["true"]
"#;

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Required,
    /// What is meant where it is absent.
    Default(&'static str),
    Optional,
}

/// What is to be said of each key.
fn said() -> Vec<(&'static str, &'static str, Given, Text)> {
    vec![
        ("", "app", Given::Required, text!("core-key-app")),
        ("", "engine", Given::Default("docker"), text!("core-key-engine")),
        ("[target.NAME]", "host", Given::Required, text!("core-key-target-host")),
        ("[target.NAME]", "path", Given::Required, text!("core-key-target-path")),
        ("[target.NAME]", "state", Given::Optional, text!("core-key-target-state")),
        ("[target.NAME]", "become", Given::Optional, text!("core-key-target-become")),
        ("[source]", "from", Given::Default("here"), text!("core-key-source-from")),
        ("[source]", "branch", Given::Optional, text!("core-key-source-branch")),
        ("[source]", "path", Given::Default("."), text!("core-key-source-path")),
        ("[source]", "exclude", Given::Default("[]"), text!("core-key-source-exclude")),
        ("[source]", "ignore", Given::Default("[]"), text!("core-key-source-ignore")),
        ("[source]", "env", Given::Default("[]"), text!("core-key-source-env")),
        ("[compose]", "files", Given::Default("[]"), text!("core-key-compose-files")),
        ("[compose]", "project", Given::Optional, text!("core-key-compose-project")),
        ("[service.NAME]", "rollout", Given::Optional, text!("core-key-service-rollout")),
        ("[service.NAME]", "no_cache", Given::Default("false"), text!("core-key-service-no-cache")),
        ("[service.NAME]", "build_args", Given::Default("{}"), text!("core-key-service-build-args")),
        ("[service.NAME]", "healthy_within", Given::Default("2m"), text!("core-key-service-healthy-within")),
        ("[database.NAME]", "kind", Given::Required, text!("core-key-database-kind")),
        ("[database.NAME]", "service", Given::Optional, text!("core-key-database-service")),
        ("[database.NAME]", "host", Given::Optional, text!("core-key-database-host")),
        ("[database.NAME]", "url", Given::Optional, text!("core-key-database-url")),
        ("[database.NAME]", "user", Given::Optional, text!("core-key-database-user")),
        ("[database.NAME]", "database", Given::Optional, text!("core-key-database-database")),
        ("[database.NAME]", "socket", Given::Optional, text!("core-key-database-socket")),
        ("[database.NAME]", "port", Given::Optional, text!("core-key-database-port")),
        ("[database.NAME]", "path", Given::Optional, text!("core-key-database-path")),
        ("[migration]", "tool", Given::Required, text!("core-key-migration-tool")),
        ("[migration]", "service", Given::Required, text!("core-key-migration-service")),
        ("[backup]", "dir", Given::Optional, text!("core-key-backup-dir")),
        ("[backup]", "keep_days", Given::Default("30"), text!("core-key-backup-keep-days")),
        ("[images]", "keep", Given::Default("5"), text!("core-key-images-keep")),
        ("[images]", "build_cache", Given::Default("10GB"), text!("core-key-images-build-cache")),
        ("[[check]]", "name", Given::Required, text!("core-key-check-name")),
        ("[[check]]", "path", Given::Optional, text!("core-key-check-path")),
        ("[[check]]", "url", Given::Optional, text!("core-key-check-url")),
        ("[[check]]", "via", Given::Optional, text!("core-key-check-via")),
        ("[[check]]", "service", Given::Optional, text!("core-key-check-service")),
        ("[[check]]", "status", Given::Optional, text!("core-key-check-status")),
        ("[[check]]", "contains", Given::Optional, text!("core-key-check-contains")),
        ("[[check]]", "ask", Given::Optional, text!("core-key-check-ask")),
        ("[[check]]", "headers", Given::Optional, text!("core-key-check-headers")),
        ("[[check]]", "timeout", Given::Default("10s"), text!("core-key-check-timeout")),
        ("[[check]]", "method", Given::Default("GET"), text!("core-key-check-method")),
        ("[[check]]", "matches", Given::Optional, text!("core-key-check-matches")),
        ("[[check]]", "within", Given::Optional, text!("core-key-check-within")),
        ("[[check.json]]", "at", Given::Optional, text!("core-key-json-at")),
        ("[[check.json]]", "equals", Given::Optional, text!("core-key-json-equals")),
        ("[[check.json]]", "count", Given::Optional, text!("core-key-json-count")),
        ("[[check.json]]", "at_least", Given::Optional, text!("core-key-json-at-least")),
        ("[[check.json]]", "at_most", Given::Optional, text!("core-key-json-at-most")),
        ("[[check.json]]", "unique", Given::Optional, text!("core-key-json-unique")),
        ("[[phase]]", "name", Given::Required, text!("core-key-phase-name")),
        ("[[phase]]", "ref", Given::Optional, text!("core-key-phase-ref")),
        ("[[phase]]", "migrates", Given::Default("true"), text!("core-key-phase-migrates")),
        ("[[phase]]", "gate", Given::Optional, text!("core-key-phase-gate")),
        ("[watch]", "duration", Given::Default("60s"), text!("core-key-watch-duration")),
        ("[watch]", "every", Given::Default("1s"), text!("core-key-watch-every")),
        ("[watch]", "warm_up", Given::Default("10s"), text!("core-key-watch-warm-up")),
        ("[watch]", "errors", Given::Optional, text!("core-key-watch-errors")),
        ("[watch]", "ignore", Given::Optional, text!("core-key-watch-ignore")),
        ("[[watch.log]]", "service", Given::Optional, text!("core-key-log-service")),
        ("[[watch.log]]", "container", Given::Optional, text!("core-key-log-container")),
        ("[[watch.log]]", "file", Given::Optional, text!("core-key-log-file")),
        ("[[watch.log]]", "unit", Given::Optional, text!("core-key-log-unit")),
        ("[relay]", "drain", Given::Default("10s"), text!("core-key-relay-drain")),
        ("[relay]", "standby", Given::Default("true"), text!("core-key-relay-standby")),
        ("[quiet]", "zone", Given::Required, text!("core-key-quiet-zone")),
        ("[quiet]", "hours", Given::Required, text!("core-key-quiet-hours")),
        ("", "call", Given::Optional, text!("core-key-call")),
        ("[[notify]]", "kind", Given::Required, text!("core-key-notify-kind")),
        ("[[notify]]", "token", Given::Optional, text!("core-key-notify-token")),
        ("[[notify]]", "chat", Given::Optional, text!("core-key-notify-chat")),
        ("[[notify]]", "api", Given::Optional, text!("core-key-notify-api")),
        ("[[notify]]", "url", Given::Optional, text!("core-key-notify-url")),
        ("[[notify]]", "on", Given::Default("[\"start\", \"end\", \"back\", \"stuck\"]"), text!("core-key-notify-on")),
        ("[[notify]]", "lang", Given::Optional, text!("core-key-notify-lang")),
        ("[[hook]]", "before", Given::Optional, text!("core-key-hook-before")),
        ("[[hook]]", "after", Given::Optional, text!("core-key-hook-after")),
        ("[[hook]]", "run", Given::Required, text!("core-key-hook-run")),
        ("[[hook]]", "undo", Given::Optional, text!("core-key-hook-undo")),
        ("[[hook]]", "where", Given::Default("host"), text!("core-key-hook-where")),
        ("[[hook]]", "timeout", Given::Default("1m"), text!("core-key-hook-timeout")),
        ("[[hook]]", "repeatable", Given::Default("false"), text!("core-key-hook-repeatable")),
        ("[[hook]]", "may_fail", Given::Default("false"), text!("core-key-hook-may-fail")),
    ]
}

/// The keys that reading a file asks for, in order: table, name, kind.
fn asked() -> Vec<(String, &'static str, Kind)> {
    let notes = Notes::new(EVERYTHING, Environment { variables: &|_| None, whole: true });
    // Read for what it asks.
    let _ = Config::read(EVERYTHING, &notes);
    notes.asked.into_inner()
}

/// The reference of `stapel.toml` as Markdown, made from what the reader of such a file asks for.
#[must_use]
pub fn reference(catalogue: &Catalogue) -> String {
    let word = |text: Text| catalogue.text(&text);
    let said = said();
    let mut page = format!("# stapel.toml\n\n{}\n", word(text!("core-reference-intro")));
    let mut header = None;
    for (table, key, kind) in asked() {
        if header.as_ref() != Some(&table) {
            let title = if table.is_empty() { word(text!("core-reference-top")) } else { format!("`{table}`") };
            let (key, kind, default) =
                (text!("core-reference-key"), text!("core-reference-kind"), text!("core-reference-default"));
            let heads = [key, kind, default, text!("core-reference-meaning")].map(word).join(" | ");
            page.push_str(&format!("\n## {title}\n\n| {heads} |\n|---|---|---|---|\n"));
            header = Some(table.clone());
        }
        let Some((_, _, given, meaning)) = said.iter().find(|(t, k, _, _)| *t == table && *k == key) else { continue };
        let given = match given {
            Given::Required => word(text!("core-reference-required")),
            Given::Default(default) => format!("`{default}`"),
            Given::Optional => "–".to_owned(),
        };
        page.push_str(&format!(
            "| `{key}` | {} | {given} | {} |\n",
            of_kind(&kind, catalogue),
            catalogue.text(meaning)
        ));
    }
    page
}

fn of_kind(kind: &Kind, catalogue: &Catalogue) -> String {
    let text = match kind {
        Kind::String => text!("core-type-string"),
        Kind::Secret => text!("core-type-secret"),
        Kind::SecretTable => text!("core-type-secret-table"),
        Kind::Strings => text!("core-type-strings"),
        Kind::Pairs => text!("core-type-pairs"),
        Kind::Integer => text!("core-type-integer"),
        Kind::Integers => text!("core-type-integers"),
        Kind::Boolean => text!("core-type-boolean"),
        Kind::Scalar => text!("core-type-scalar"),
        Kind::Duration => text!("core-type-duration"),
        Kind::Limit => text!("core-type-limit"),
        Kind::Choice(words) => return code(words),
        Kind::Choices(words) => text!("core-type-choices", choices = code(words)),
    };
    catalogue.text(&text)
}

fn code(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_that_is_asked_for_is_explained_and_no_other() {
        let asked: BTreeSet<_> = asked().into_iter().map(|(table, key, _)| (table, key)).collect();
        let said: BTreeSet<_> = said().into_iter().map(|(table, key, _, _)| (table.to_owned(), key)).collect();
        assert_eq!(asked, said);
    }

    /// The same file with everything written out that the reference gives as a default.
    fn with_defaults() -> String {
        let kinds = asked();
        let mut text = EVERYTHING.to_owned();
        for (table, key, given, _) in said() {
            let Given::Default(default) = given else { continue };
            let kind = kinds.iter().find(|(t, k, _)| t == table && *k == key).map(|(_, _, kind)| kind);
            let value = match kind {
                Some(Kind::String | Kind::Duration | Kind::Limit | Kind::Choice(_)) => format!("\"{default}\""),
                _ => default.to_owned(),
            };
            let line = format!("{key} = {value}\n");
            let header = table.replace(".NAME]", ".");
            let at = if table.is_empty() {
                0
            } else {
                text.find(&header).map(|at| at + text[at..].find('\n').unwrap() + 1).unwrap()
            };
            text.insert_str(at, &line);
        }
        text
    }

    #[test]
    fn what_is_given_as_default_is_what_is_meant_without_it() {
        let explicit = with_defaults();
        assert!(explicit.lines().count() > EVERYTHING.lines().count() + 10);
        let read =
            |text: &str| Config::parse("stapel.toml", text).unwrap_or_else(|e| panic!("{:?}\n{text}", e.findings));
        assert_eq!(read(&explicit), read(EVERYTHING));
    }
}
