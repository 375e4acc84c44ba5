use serde::{Deserialize, Serialize};

use crate::place::expression;

/// A variable of a service: its name, and of its value only what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where an address leads to.
    pub leads: Option<Leads>,
}

/// Where an address in a variable leads to, without user and password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leads {
    /// A file of SQLite's, as the container sees it; relative to its working directory unless it begins with `/`.
    Sqlite(String),
    /// A database at a host.
    Database {
        /// The kind: `postgresql`, `mysql`.
        kind: String,
        /// The host, as the container names it; empty for a socket.
        host: String,
    },
}

expression!(SQLITE, r"^sqlite(?:\+\w+)?:///?(/?[^?\s]+)");
expression!(DATABASE, r"^(postgres|postgresql|mysql|mariadb|mongodb)(?:\+\w+)?://(?:\S*@)?([^@:/?\s]*)");
expression!(FILE, r"^\.?/?[A-Za-z0-9_./-]+\.(db|sqlite|sqlite3)$");

impl Variable {
    pub(crate) fn read((name, value): (String, String)) -> Self {
        let leads = if let Some(found) = SQLITE.captures(&value) {
            // `sqlite:////x` is absolute, `sqlite:///x` is not.
            let file = found[1].trim_start_matches("./").to_owned();
            Some(Leads::Sqlite(file))
        } else if let Some(found) = DATABASE.captures(&value) {
            Some(Leads::Database { kind: found[1].replace("postgresql", "postgres"), host: found[2].to_owned() })
        } else if FILE.is_match(&value) {
            Some(Leads::Sqlite(value.trim_start_matches("./").to_owned()))
        } else {
            None
        };
        Self { name, leads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(value: &str) -> Option<Leads> {
        Variable::read(("X".into(), value.into())).leads
    }

    #[test]
    fn of_an_address_only_the_way_is_kept() {
        let database = |kind: &str, host: &str| Some(Leads::Database { kind: kind.into(), host: host.into() });
        assert_eq!(leads("postgresql+asyncpg://u:hunter2@db:5432/app"), database("postgres", "db"));
        assert_eq!(leads("postgres://u:hun@t/er2@10.0.0.1/app"), database("postgres", "10.0.0.1"));
        assert_eq!(leads("mysql://u:p@db/app"), database("mysql", "db"));
        assert_eq!(leads("sqlite:////app/data/bot.db"), Some(Leads::Sqlite("/app/data/bot.db".into())));
        assert_eq!(leads("sqlite:///./bot.db"), Some(Leads::Sqlite("bot.db".into())));
        assert_eq!(leads("sqlite+aiosqlite:///data/x.db?a=b"), Some(Leads::Sqlite("data/x.db".into())));
        assert_eq!(leads("/data/bot.sqlite3"), Some(Leads::Sqlite("/data/bot.sqlite3".into())));
        assert_eq!(leads("hunter2"), None);
    }
}
