use jiff::{SignedDuration, Timestamp};

use super::BackupManifest;

/// Which of `backups` may go: those older than `days` times 24 hours at `now`, but never the newest proven one of a
/// database, nor, where none is proven, the newest at all.
#[must_use]
pub fn retention(backups: &[BackupManifest], days: u32, now: Timestamp) -> Vec<BackupManifest> {
    let limit = SignedDuration::from_hours(i64::from(days) * 24);
    backups
        .iter()
        .filter(|b| now.duration_since(b.taken_at) > limit && !std::ptr::eq(*b, newest(backups, b)))
        .cloned()
        .collect()
}

/// The backup to hold on to, of the database that `of` is a backup of.
fn newest<'a>(backups: &'a [BackupManifest], of: &'a BackupManifest) -> &'a BackupManifest {
    let same =
        |b: &&BackupManifest| (&b.app, &b.target, &b.database, b.kind) == (&of.app, &of.target, &of.database, of.kind);
    backups.iter().filter(same).max_by_key(|b| (b.proof.is_some(), b.taken_at)).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Proof};

    fn backup(database: &str, taken_at: &str, proven: bool) -> BackupManifest {
        BackupManifest {
            format: 1,
            app: "app".into(),
            target: None,
            database: database.into(),
            kind: Kind::Sqlite,
            file: format!("{database}_{taken_at}.db"),
            bytes: 1,
            blake3: String::new(),
            taken_at: format!("{taken_at}T00:00:00Z").parse().unwrap(),
            release: None,
            proof: proven.then_some(Proof { tables: 1, rows: None, bytes: 1 }),
            how_to_restore: String::new(),
        }
    }

    fn goes(backups: &[BackupManifest], days: u32) -> Vec<String> {
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        retention(backups, days, now).into_iter().map(|b| b.file).collect()
    }

    #[test]
    fn the_old_ones_go_and_the_limit_itself_stays() {
        let all = [
            backup("a", "2026-11-19", true),
            backup("a", "2026-10-21", true),
            backup("a", "2026-10-20", true),
            backup("a", "2026-01-01", false),
        ];
        assert_eq!(goes(&all, 30), ["a_2026-10-20.db", "a_2026-01-01.db"]);
    }

    #[test]
    fn the_newest_proven_one_stays_however_old_it_is() {
        let all = [backup("a", "2025-01-01", true), backup("a", "2025-06-01", true), backup("a", "2025-07-01", false)];
        assert_eq!(goes(&all, 30), ["a_2025-01-01.db", "a_2025-07-01.db"]);
        assert_eq!(goes(&all[..1], 0), Vec::<String>::new());
    }

    #[test]
    fn each_database_keeps_its_own() {
        let all = [backup("a", "2026-11-19", true), backup("b", "2025-01-01", true)];
        assert_eq!(goes(&all, 30), Vec::<String>::new());
    }

    #[test]
    fn where_none_is_proven_the_newest_stays() {
        let all = [backup("a", "2025-01-01", false), backup("a", "2025-06-01", false)];
        assert_eq!(goes(&all, 30), ["a_2025-01-01.db"]);
    }

    #[test]
    fn a_backup_from_the_future_stays() {
        let all = [backup("a", "2026-11-19", true), backup("a", "2027-01-01", false)];
        assert_eq!(goes(&all, 0), ["a_2026-11-19.db"][..0]);
    }
}
