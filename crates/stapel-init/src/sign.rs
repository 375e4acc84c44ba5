//! Words in commands and code that say what a service does. Only the words themselves are kept, never the line: a command
//! may hold a password.

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::place::expression;

/// What words say of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It asks somebody for news over and over, and two would take them from each other.
    Polls,
    /// It does things at certain times, and two would do them twice.
    Schedules,
    /// It changes the schema when it starts.
    Migrates,
    /// It keeps data in an SQLite file.
    Sqlite,
    /// It takes jobs from a queue, each of which goes to one.
    Works,
}

expression!(
    POLLS,
    r"run_polling\b|start_polling\b|infinity_polling\b|\.polling\(|getUpdates\b|get_updates\b|polling:\s*true|\.startPolling\b|run_until_disconnected\b|bot\.launch\("
);
expression!(
    SCHEDULES,
    r"celery\b[^\n]{0,80}?\bbeat\b|celery\b[^\n]{0,80}? -B\b|\bcrond?\b( -f)?|\bsupercronic\b|\bofelia\b|BlockingScheduler\b|AsyncIOScheduler\b|BackgroundScheduler\b|\brqscheduler\b|\bnode-cron\b|schedule\.run_pending\b|while true; do[^\n]{0,120}?sleep\b"
);
expression!(
    MIGRATES,
    r"alembic\b[^\n&|;]{0,60}?\bupgrade\b|manage\.py migrate\b|prisma migrate deploy\b|prisma db push\b|knex migrate:latest\b|sequelize(-cli)? db:migrate\b|typeorm migration:run\b|goose up\b|\bdbmate up\b|flask db upgrade\b|aerich upgrade\b|rails db:migrate\b|rake db:migrate\b"
);
expression!(
    SQLITE,
    r"sqlite3\.connect\(|sqlite\+aiosqlite:|sqlite:///|aiosqlite\.connect\(|better-sqlite3|\bsql\.Open\(.sqlite"
);
expression!(
    WORKS,
    r"celery\b[^\n]{0,80}?\bworker\b|\brq worker\b|\bdramatiq\b|\barq \S|\bsidekiq\b|\bhuey_consumer\b|\btaskiq worker\b|new Worker\("
);

fn words(sign: Sign) -> &'static Regex {
    match sign {
        Sign::Polls => &POLLS,
        Sign::Schedules => &SCHEDULES,
        Sign::Migrates => &MIGRATES,
        Sign::Sqlite => &SQLITE,
        Sign::Works => &WORKS,
    }
}

impl Sign {
    pub(crate) const ALL: [Self; 5] = [Self::Polls, Self::Schedules, Self::Migrates, Self::Sqlite, Self::Works];

    /// The first of each kind in a text, with the words that say it and their line, from 1.
    pub(crate) fn all(text: &str) -> Vec<(Self, String, usize)> {
        let comment = |line: &str| line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//");
        let mut found = Vec::new();
        for sign in Self::ALL {
            let lines = text.lines().enumerate().filter(|(_, line)| !comment(line));
            let mut hits = lines.filter_map(|(at, line)| Some((at, words(sign).find(line)?.as_str())));
            if let Some((at, hit)) = hits.next() {
                found.push((sign, short(hit), at + 1));
            }
        }
        found
    }
}

/// The words at both ends: what stands between them may be anything.
fn short(hit: &str) -> String {
    let words: Vec<_> = hit.trim_end_matches('(').split_whitespace().collect();
    match words.as_slice() {
        [first, .., last] if words.len() > 2 => format!("{first} … {last}"),
        _ => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for (text, sign) in [
            ("app.run_polling()", Sign::Polls),
            ("celery -A app beat -l info", Sign::Schedules),
            ("crond -f", Sign::Schedules),
            ("sh -c 'alembic upgrade head && uvicorn app:app'", Sign::Migrates),
            ("python manage.py migrate --noinput", Sign::Migrates),
            ("con = sqlite3.connect(path)", Sign::Sqlite),
            ("celery -A app worker", Sign::Works),
        ] {
            assert_eq!(Sign::all(text)[0].0, sign, "{text}");
        }
        for nothing in ["uvicorn app:app", "# alembic upgrade head", "gunicorn -w 4 app", "concurrently"] {
            assert!(Sign::all(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn of_a_command_only_the_words_are_kept() {
        let found = Sign::all("redis-server --requirepass hunter2 ; celery --broker amqp://u:hunter2@q -A app worker");
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }
}
