use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What a backup is for: what its manifest says beside the database's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The app.
    pub app: String,
    /// The target, if it has a name.
    pub target: Option<String>,
    /// The release that asked for it; `None` when a person did.
    pub release: Option<u64>,
    /// The team's own compose command, for the command lines that a person can use: `docker compose -f a.yml`.
    pub compose: String,
}

/// The name of a dump: `convertik-db_2026-11-20_09-15-00.dump`, in UTC. `again` tells dumps of one second apart.
pub(super) fn file_name(database: &str, at: Timestamp, again: u32, extension: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let stem: String = database.chars().map(plain).take(100).collect();
    let stem = stem.trim_start_matches('.');
    let time = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d_%H-%M-%S");
    match again {
        0 => format!("{stem}_{time}.{extension}"),
        n => format!("{stem}_{time}_{}.{extension}", n + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_teams_write_them() {
        let at: Timestamp = "2025-10-20T20:29:43.7Z".parse().unwrap();
        assert_eq!(file_name("bot_database", at, 0, "db"), "bot_database_2025-10-20_20-29-43.db");
        assert_eq!(file_name("convertik-db", at, 1, "dump"), "convertik-db_2025-10-20_20-29-43_2.dump");
    }

    #[test]
    fn a_name_stays_in_its_directory_and_in_sight() {
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(file_name("../a/ b", at, 0, "db"), "_a__b_1970-01-01_00-00-00.db");
    }
}
