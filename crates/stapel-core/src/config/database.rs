use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_text::text;

use super::Secret;
use super::table::Table;

/// As whom the host's own PostgreSQL is asked where nobody else is named.
const POSTGRES: &str = "postgres";

/// `[database.NAME]`: a database that is dumped before a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseConfig {
    /// What it is.
    pub kind: DatabaseKind,
    /// The compose service it runs in, for PostgreSQL.
    pub service: Option<String>,
    /// The host whose own server has it, for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<DatabaseHost>,
    /// The URL that leads to it, for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Secret>,
    /// Its user, if not the container's own `POSTGRES_USER`, or `postgres` on the host.
    pub user: Option<String>,
    /// Its name, if not the container's own `POSTGRES_DB`.
    pub database: Option<String>,
    /// The directory of the host's socket, if not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<Utf8PathBuf>,
    /// The port in the socket's name, if not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its file relative to the app's directory, for SQLite.
    pub path: Option<Utf8PathBuf>,
}

/// Kinds of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    /// PostgreSQL: in a compose service, of the host itself, or where a URL leads to.
    Postgres,
    /// An SQLite file.
    Sqlite,
}

/// Hosts whose own server has a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseHost {
    /// The host that the app runs on: over the socket, with peer authentication.
    Local,
}

impl DatabaseConfig {
    /// The user of a database on the host.
    #[must_use]
    pub fn host_user(&self) -> &str {
        self.user.as_deref().unwrap_or(POSTGRES)
    }
}

pub(super) fn database(name: &str, t: Table<'_>) -> DatabaseConfig {
    let kind = t.choice("kind", &[("postgres", DatabaseKind::Postgres), ("sqlite", DatabaseKind::Sqlite)]);
    if kind.is_none() && t.string("kind").is_none() {
        t.required("kind");
    }
    let database = DatabaseConfig {
        kind: kind.unwrap_or(DatabaseKind::Postgres),
        service: t.string("service"),
        host: t.choice("host", &[("local", DatabaseHost::Local)]),
        url: t.secret("url", &format!("database.{name}.url")),
        user: t.string("user"),
        database: t.string("database"),
        socket: t.string("socket").map(Utf8PathBuf::from),
        port: t.integer("port", 1, 65535).and_then(|port| u16::try_from(port).ok()),
        path: t.string("path").map(Utf8PathBuf::from),
    };
    match kind {
        Some(DatabaseKind::Postgres) => postgres(&t, &database),
        Some(DatabaseKind::Sqlite) => {
            if database.path.is_none() {
                t.required("path");
            }
            refuse(&t, &["host", "url", "socket", "port"]);
        }
        None => {}
    }
    t.finish();
    database
}

/// There is one way to it, and what is said besides belongs to that way.
fn postgres(t: &Table<'_>, database: &DatabaseConfig) {
    let ways: Vec<&str> = ["service", "host", "url"].into_iter().filter(|key| t.has(key)).collect();
    match ways[..] {
        [] => t.error(t.span_of("service"), text!("core-config-database-way")),
        [_] => {}
        [_, second, ..] => t.error(t.span_of(second), text!("core-config-database-ways", keys = ways.join(", "))),
    }
    match ways[..] {
        ["service"] => refuse(t, &["socket", "port"]),
        ["host"] => {
            if database.database.is_none() {
                t.required("database");
            }
            if database.socket.as_ref().is_some_and(|socket| !socket.is_absolute()) {
                t.error(t.span_of("socket"), text!("core-config-absolute", key = "socket"));
            }
        }
        // The URL says all of it.
        ["url"] => {
            refuse(t, &["user", "database", "socket", "port"]);
            let known = database.url.as_ref().and_then(|url| t.revealed(url));
            if known.is_some_and(|url| !is_url(&url)) {
                t.error(t.span_of("url"), text!("core-config-database-url"));
            }
        }
        _ => {}
    }
}

fn refuse(t: &Table<'_>, keys: &[&'static str]) {
    for key in keys.iter().filter(|key| t.has(key)) {
        t.error(t.span_of(key), text!("core-config-database-key", key = *key));
    }
}

/// Whether it is a URL of PostgreSQL's; one with a driver of SQLAlchemy's in it is, too.
fn is_url(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.split_once('+').map_or(scheme, |(kind, _)| kind));
    matches!(scheme, Some("postgres" | "postgresql"))
}

#[cfg(test)]
mod tests {
    use crate::config::Environment;
    use std::collections::BTreeSet;

    use crate::config::{Config, Findings, Secrets};

    use super::*;

    const TOP: &str = "app = \"shop\"\n[target.production]\nhost = \"local\"\npath = \"/srv/shop\"\n[service.web]\n[database.main]\nkind = \"postgres\"\n";

    fn read(more: &str) -> Result<(Config, Secrets), Findings> {
        let environment = |name: &str| match name {
            "DATABASE_URL" => Some("postgresql://app:hunter2@db.example/shop".to_owned()),
            "OTHER" => Some("mysql://app:hunter2@db.example/shop".to_owned()),
            _ => None,
        };
        let environment = Environment { variables: &environment, whole: true };
        Config::parse_with("stapel.toml", &format!("{TOP}{more}"), &environment)
    }

    fn wrong(more: &str) -> Vec<(String, String)> {
        let found = read(more).expect_err(more);
        found.findings.iter().map(|f| (f.what.id.to_string(), found.source[f.span.clone()].to_owned())).collect()
    }

    #[test]
    fn a_database_on_the_host_and_one_by_url() {
        let (config, _) = read("host = \"local\"\ndatabase = \"shop\"\nport = 5433\nsocket = \"/run/pg\"\n").unwrap();
        let main = &config.databases["main"];
        assert_eq!((main.host, main.host_user(), main.port), (Some(DatabaseHost::Local), "postgres", Some(5433)));
        let (config, secrets) = read("url = \"${DATABASE_URL}\"\n").unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert!(json.contains("${DATABASE_URL}") && !json.contains("hunter2"), "{json}");
        assert_eq!(config.databases["main"].url.as_ref().unwrap().variable(), Some("DATABASE_URL"));
        config.needs(&secrets).unwrap();
        assert_eq!(config.needs(&Secrets::default()).unwrap_err().code(), "core-secret-missing");
        // What is written out is a secret all the same.
        let (config, _) = read("url = \"postgresql+asyncpg://app:hunter2@db/shop\"\n").unwrap();
        assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
        assert_eq!(config.databases["main"].url.as_ref().unwrap().variable(), None);
    }

    #[test]
    fn what_older_journals_hold_is_read_and_written_as_it_was() {
        let (config, _) = read("service = \"db\"\n").unwrap();
        let json = serde_json::to_value(&config.databases["main"]).unwrap();
        let keys: BTreeSet<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["database", "kind", "path", "service", "user"].into());
        let former = r#"{"kind":"postgres","service":"db","user":null,"database":null,"path":null}"#;
        assert_eq!(serde_json::from_str::<DatabaseConfig>(former).unwrap(), config.databases["main"]);
    }

    #[test]
    fn there_is_one_way_to_a_database() {
        for (more, id, marked) in [
            ("", "core-config-database-way", "main"),
            ("service = \"db\"\nurl = \"${DATABASE_URL}\"\n", "core-config-database-ways", "\"${DATABASE_URL}\""),
            ("service = \"db\"\nhost = \"local\"\ndatabase = \"shop\"\n", "core-config-database-ways", "\"local\""),
            ("host = \"10.0.0.1\"\ndatabase = \"shop\"\n", "core-config-choice", "\"10.0.0.1\""),
            ("host = \"local\"\n", "core-config-missing", "main"),
            ("host = \"local\"\ndatabase = \"a\"\nsocket = \"run\"\n", "core-config-absolute", "\"run\""),
            ("service = \"db\"\nport = 5433\n", "core-config-database-key", "5433"),
            ("url = \"${DATABASE_URL}\"\nuser = \"app\"\n", "core-config-database-key", "\"app\""),
            ("url = \"${OTHER}\"\n", "core-config-database-url", "\"${OTHER}\""),
            ("url = \"${NOBODY}\"\n", "core-config-variable-unset", "${NOBODY"),
        ] {
            assert_eq!(wrong(more), [(id.to_owned(), marked.to_owned())], "{more}");
        }
        let sqlite = format!("{TOP}path = \"a.db\"\nurl = \"${{DATABASE_URL}}\"\n").replace("postgres\"", "sqlite\"");
        let all = Environment { variables: &|_| Some("postgres://a".to_owned()), whole: true };
        let found = Config::parse_with("stapel.toml", &sqlite, &all).unwrap_err();
        assert_eq!(found.findings.iter().map(|f| &f.what.id).collect::<Vec<_>>(), ["core-config-database-key"]);
    }
}
