//! The logs that baseline and watch read: of services, of other containers, files, and what systemd's journal has.

use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use stapel_core::config::{Config, WatchedLog};
use stapel_core::ports::{ImageId, Instance, LogMark};
use stapel_host::Command;
use stapel_text::{Problem, Text, problem, text};

use crate::Site;

/// How much of a log is read for what was there before, in lines.
const LINES: usize = 5000;
/// How far back, in seconds.
const BACK_S: u64 = 3600;
/// How much of a file is read at once, in bytes: the last of it.
const AT_ONCE: u64 = 2_000_000;

/// How far a log was read. What it is of is part of it: another instance begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    of: String,
    at: LogMark,
}

/// All logs that the watch of an app reads.
pub(super) fn all(config: &Config) -> Vec<WatchedLog> {
    let mut all: Vec<_> = config.services.keys().cloned().map(WatchedLog::Service).collect();
    all.extend(config.watch.logs.iter().filter(|log| !all.contains(log)).cloned().collect::<Vec<_>>());
    all
}

/// What a log is called.
pub(super) fn named(log: &WatchedLog) -> Text {
    match log {
        WatchedLog::Service(name) | WatchedLog::Container(name) => text!("agent-log-of", name = name),
        WatchedLog::File(path) => text!("agent-log-file", path = path.as_str()),
        WatchedLog::Unit(unit) => text!("agent-log-of", name = unit),
    }
}

/// What it has of the time before.
pub(super) async fn before(site: &Site, log: &WatchedLog) -> Result<Vec<String>, Problem> {
    match log {
        WatchedLog::Service(_) | WatchedLog::Container(_) => match instance(site, log).await? {
            Some(instance) => site.world.instances.logs(&instance, LINES, Some(BACK_S)).await,
            None => Ok(Vec::new()),
        },
        WatchedLog::File(path) => {
            let (_, text) = read(&site.target.path.join(path), None)?;
            let lines: Vec<&str> = text.lines().collect();
            Ok(lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect())
        }
        WatchedLog::Unit(unit) => {
            let since = Timestamp::now() - i64::try_from(BACK_S).unwrap_or(0).seconds();
            Ok(journal(unit, since.as_microsecond()).await?.1)
        }
    }
}

/// Where it ends now.
pub(super) async fn end(site: &Site, log: &WatchedLog) -> Result<Option<Mark>, Problem> {
    match log {
        WatchedLog::Service(_) | WatchedLog::Container(_) => {
            let Some(instance) = instance(site, log).await? else { return Ok(None) };
            // That it can be read at all is known then, too.
            site.world.instances.logs(&instance, 1, Some(1)).await?;
            let at = site.world.instances.log_end(&instance).await?;
            Ok(Some(Mark { of: instance.id, at }))
        }
        WatchedLog::File(path) => Ok(read(&site.target.path.join(path), None)?.0),
        WatchedLog::Unit(unit) => Ok(Some(journal(unit, Timestamp::now().as_microsecond()).await?.0)),
    }
}

/// What was said since `mark`; of another instance than it is of, all.
pub(super) async fn since(site: &Site, log: &WatchedLog, mark: &mut Option<Mark>) -> Result<Vec<String>, Problem> {
    match log {
        WatchedLog::Service(_) | WatchedLog::Container(_) => {
            let Some(instance) = instance(site, log).await? else { return Ok(Vec::new()) };
            let known = mark.as_ref().filter(|mark| mark.of == instance.id);
            let from = known.map_or(LogMark::BEGIN, |mark| mark.at);
            let (lines, at) = site.world.instances.logs_from(&instance, from).await?;
            *mark = Some(Mark { of: instance.id, at });
            Ok(lines)
        }
        WatchedLog::File(path) => {
            let (now, text) = read(&site.target.path.join(path), mark.as_ref())?;
            *mark = now;
            Ok(text.lines().map(str::to_owned).collect())
        }
        WatchedLog::Unit(unit) => {
            let from = mark.as_ref().and_then(|mark| i64::try_from(mark.at.0).ok());
            let from = from.unwrap_or_else(|| Timestamp::now().as_microsecond());
            let (now, lines) = journal(unit, from).await?;
            *mark = Some(now);
            Ok(lines)
        }
    }
}

async fn instance(site: &Site, log: &WatchedLog) -> Result<Option<Instance>, Problem> {
    match log {
        WatchedLog::Service(name) => site.world.instances.real(name).await,
        // The engine takes a name where it takes an id, and a name stays when the container is made anew.
        WatchedLog::Container(name) => {
            Ok(Some(Instance { id: name.clone(), name: name.clone(), image: ImageId(String::new()), running: true }))
        }
        WatchedLog::File(_) | WatchedLog::Unit(_) => Ok(None),
    }
}

/// The whole lines of a file behind the mark, the last of them where there are many. One that was turned over begins anew.
fn read(path: &Utf8Path, mark: Option<&Mark>) -> Result<(Option<Mark>, String), Problem> {
    let io = |error: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = error);
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        // It comes with the first line.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((None, String::new())),
        Err(error) => return Err(io(error)),
    };
    let (inode, end) = file.metadata().map(|m| (m.ino().to_string(), m.len())).map_err(io)?;
    let known = mark.filter(|mark| mark.of == inode && mark.at.0 <= end).map_or(0, |mark| mark.at.0);
    let from = known.max(end.saturating_sub(AT_ONCE));
    let mut new = Vec::new();
    file.seek(SeekFrom::Start(from)).and_then(|_| file.take(AT_ONCE).read_to_end(&mut new)).map_err(io)?;
    new.truncate(new.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1));
    let at = LogMark(from + new.len() as u64);
    Ok((Some(Mark { of: inode, at }), String::from_utf8_lossy(&new).into_owned()))
}

/// An entry of the journal, as far as it is of interest. What is no text is a list of bytes.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "MESSAGE")]
    message: Option<serde_json::Value>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    at: String,
}

/// What the journal has of a unit after a microsecond of the epoch.
async fn journal(unit: &str, after: i64) -> Result<(Mark, Vec<String>), Problem> {
    let since = format!("--since=@{}", after / 1_000_000);
    let command = Command::new("journalctl").args(["--quiet", "--no-pager", "-o", "json", "--output-fields=MESSAGE"]);
    let said = command.args(["-u", unit, since.as_str(), "-n", &LINES.to_string()]).run().await?.stdout;
    let mut last = after;
    let mut lines = Vec::new();
    for entry in said.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()) {
        let Some(at) = entry.at.parse::<i64>().ok().filter(|at| *at > after) else { continue };
        last = last.max(at);
        lines.extend(entry.message.as_ref().and_then(words));
    }
    Ok((Mark { of: unit.to_owned(), at: LogMark(u64::try_from(last).unwrap_or(0)) }, lines))
}

fn words(message: &serde_json::Value) -> Option<String> {
    if let Some(text) = message.as_str() {
        return Some(text.to_owned());
    }
    let bytes = message.as_array()?.iter().filter_map(|b| u8::try_from(b.as_u64()?).ok()).collect::<Vec<_>>();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_line_by_line_and_anew_when_it_was_turned_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("app.log");
        assert_eq!(read(&path, None).unwrap(), (None, String::new()));
        std::fs::write(&path, "one\ntw").unwrap();
        let (mark, text) = read(&path, None).unwrap();
        assert_eq!(text, "one\n");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let (mark, text) = read(&path, mark.as_ref()).unwrap();
        assert_eq!(text, "two\n");
        assert_eq!(read(&path, mark.as_ref()).unwrap().1, "");
        std::fs::rename(&path, path.with_extension("1")).unwrap();
        std::fs::write(&path, "three\n").unwrap();
        let (mark, text) = read(&path, mark.as_ref()).unwrap();
        assert_eq!(text, "three\n");
        // Emptied in its place.
        std::fs::write(&path, "4\n").unwrap();
        assert_eq!(read(&path, mark.as_ref()).unwrap().1, "4\n");
    }

    #[test]
    fn words_of_the_journal_may_be_bytes() {
        assert_eq!(words(&serde_json::json!("a")).as_deref(), Some("a"));
        assert_eq!(words(&serde_json::json!([104, 105])).as_deref(), Some("hi"));
        assert_eq!(words(&serde_json::json!(null)), None);
    }
}
