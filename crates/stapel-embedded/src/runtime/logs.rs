use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};

use camino::{Utf8Path, Utf8PathBuf};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use stapel_core::ports::{Instance, LogLine, LogLines, LogMark};
use stapel_text::Problem;

use super::Embedded;
use super::record::Slot;
use crate::files;

/// How often a log that is followed is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);

/// How many logs of instances that are gone are kept.
const KEPT: usize = 20;

impl Embedded {
    pub(crate) fn log_file(&self, id: &str) -> Utf8PathBuf {
        self.root.join("logs").join(format!("{id}.log"))
    }

    /// Opens the log of a new instance and lets the oldest ones of those that are gone go.
    pub(crate) fn new_log(&self, id: &str) -> Result<File, Problem> {
        let dir = self.root.join("logs");
        files::make_dir(&dir)?;
        let mut in_use = Vec::new();
        for slot in Slot::ALL {
            in_use.extend(self.record(slot)?.map(|r| self.log_file(&r.id)));
        }
        let mut old: Vec<_> =
            files::names(&dir)?.into_iter().map(|n| dir.join(n)).filter(|p| !in_use.contains(p)).collect();
        old.sort_by_key(|p| std::cmp::Reverse(p.metadata().and_then(|m| m.modified()).ok()));
        old.iter().skip(KEPT).try_for_each(|p| files::remove(p))?;
        let path = self.log_file(id);
        OpenOptions::new().create(true).append(true).open(&path).map_err(|e| files::io(&path, &e))
    }
}

/// The last `tail` lines of a log, of those that are not older than `since`. A line without a time is as old as the one
/// before it.
pub(crate) fn select(log: &str, tail: usize, since: Option<Timestamp>) -> Vec<String> {
    let mut at = None;
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| {
            at = line.split(' ').next().and_then(|word| word.parse::<Timestamp>().ok()).or(at);
            since.is_none_or(|since| at.is_none_or(|at| at >= since))
        })
        .collect();
    lines[lines.len().saturating_sub(tail)..].iter().map(|line| (*line).to_owned()).collect()
}

/// The lines of an instance's log as they come, from its last ones on, until it has ended and all is said.
pub(crate) fn follow(runtime: Embedded, instance: Instance, tail: usize, since: Option<Timestamp>) -> LogLines {
    let begin = Followed { runtime, instance, at: 0, first: Some((tail, since)), ended: false };
    let parts = stream::unfold(begin, |mut followed| async move {
        if followed.ended {
            return None;
        }
        let lines = match followed.next().await {
            Ok(lines) => lines.into_iter().map(|line| Ok(LogLine { at: None, line })).collect(),
            Err(problem) => {
                followed.ended = true;
                vec![Err(problem)]
            }
        };
        Some((stream::iter(lines), followed))
    });
    parts.flatten().boxed()
}

struct Followed {
    runtime: Embedded,
    instance: Instance,
    /// How much of the file was told.
    at: u64,
    /// What of that which is there at first.
    first: Option<(usize, Option<Timestamp>)>,
    ended: bool,
}

impl Followed {
    /// Whole lines that have come since; waits until there are some or there will be none.
    async fn next(&mut self) -> Result<Vec<String>, Problem> {
        let path = self.runtime.log_file(&self.instance.id);
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            // Before reading: what it says last is read after it has ended.
            let alive = self.runtime.record_of(&self.instance.id)?.is_some_and(|(_, r)| r.process.id().alive());
            let new = from(&path, self.at, alive)?;
            self.at += new.len() as u64;
            self.ended = !alive;
            let text = String::from_utf8_lossy(&new);
            let lines = match self.first.take() {
                Some((tail, since)) => select(&text, tail, since),
                None => text.lines().map(str::to_owned).collect(),
            };
            if self.ended || !lines.is_empty() {
                return Ok(lines);
            }
        }
    }
}

/// The lines behind a byte of a log that have their end, and where that is.
pub(crate) fn whole_lines(path: &Utf8Path, mark: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
    let new = from(path, mark.0, true)?;
    let lines = String::from_utf8_lossy(&new).lines().map(str::to_owned).collect();
    Ok((lines, LogMark(mark.0 + new.len() as u64)))
}

/// What is behind a byte of a log, if it is there; `whole`: without a line that has no end yet.
fn from(path: &Utf8Path, at: u64, whole: bool) -> Result<Vec<u8>, Problem> {
    let mut new = Vec::new();
    if let Ok(mut file) = File::open(path) {
        file.seek(SeekFrom::Start(at)).map_err(|e| files::io(path, &e))?;
        file.read_to_end(&mut new).map_err(|e| files::io(path, &e))?;
    }
    if whole {
        new.truncate(new.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1));
    }
    Ok(new)
}

/// The time so many seconds ago; `None`, which is no limit, where that is before all time.
pub(crate) fn ago(seconds: u64) -> Option<Timestamp> {
    Timestamp::now().checked_sub(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_lines_are_left_out_with_what_belongs_to_them() {
        let log = "2026-01-01T00:00:00.000Z INFO a\n  more of a\n2026-01-01T00:00:09.000Z ERROR b\n  more of b\n";
        let since = "2026-01-01T00:00:05Z".parse().ok();
        assert_eq!(select(log, 9, since), ["2026-01-01T00:00:09.000Z ERROR b", "  more of b"]);
        assert_eq!(select(log, 1, None), ["  more of b"]);
        assert_eq!(select(log, 9, None).len(), 4);
    }
}
