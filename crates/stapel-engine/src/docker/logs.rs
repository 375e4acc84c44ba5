use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{InspectContainerOptions, LogsOptions};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use stapel_core::ports::{LogLine, LogLines, LogMark};
use stapel_text::{Problem, problem};

use super::Docker;
use crate::engine::failed;

/// How long a log is followed at most in one go.
const FOLLOWS: Duration = Duration::from_hours(24 * 365);

/// Puts the pieces of both outputs together to lines, each output for itself.
#[derive(Default)]
pub(super) struct Demux {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Demux {
    pub(super) fn push(&mut self, chunk: LogOutput, line: &mut impl FnMut(&str)) {
        let buffer = if matches!(chunk, LogOutput::StdErr { .. }) { &mut self.err } else { &mut self.out };
        buffer.extend_from_slice(chunk.as_ref());
        let Some(end) = buffer.iter().rposition(|b| *b == b'\n') else { return };
        let rest = buffer.split_off(end + 1);
        let whole = std::mem::replace(buffer, rest);
        String::from_utf8_lossy(&whole).lines().for_each(line);
    }

    /// What came without a line break at the end.
    pub(super) fn end(self, line: &mut impl FnMut(&str)) {
        for rest in [self.out, self.err] {
            String::from_utf8_lossy(&rest).lines().for_each(&mut *line);
        }
    }
}

impl Docker {
    pub(super) async fn read_logs(&self, id: &str, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem> {
        let options = LogsOptions { since: ago(since_s), tail: tail.to_string(), ..Default::default() };
        self.logged(id, options).await
    }

    /// What was said after a moment of the engine's clock (nanoseconds of the epoch), and the last such moment.
    pub(super) async fn logs_after(&self, id: &str, mark: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
        let after = i128::from(mark.0);
        // The engine takes whole seconds; the rest is left out here.
        let since = i32::try_from(after / 1_000_000_000).unwrap_or(0);
        let options = LogsOptions { timestamps: true, since, tail: "all".to_owned(), ..Default::default() };
        let said = self.logged(id, options).await?;
        let mut last = after;
        let new = said.iter().map(|line| timed(line)).filter(|said| match said.at.map(Timestamp::as_nanosecond) {
            Some(at) => {
                last = last.max(at);
                at > after
            }
            None => true,
        });
        let new = new.map(|said| said.line).collect();
        Ok((new, LogMark(u64::try_from(last).unwrap_or(0))))
    }

    /// The lines of both outputs.
    async fn logged(&self, id: &str, options: LogsOptions) -> Result<Vec<String>, Problem> {
        let options = LogsOptions { stdout: true, stderr: true, ..options };
        let mut output = std::pin::pin!(self.engine.api.logs(id, Some(options)));
        let (mut demux, mut lines) = (Demux::default(), Vec::new());
        while let Some(chunk) = output.next().await {
            match chunk {
                Ok(chunk) => demux.push(chunk, &mut |line| lines.push(line.to_owned())),
                Err(e) => return Err(unreadable(&self.engine.api, id, &e).await),
            }
        }
        demux.end(&mut |line| lines.push(line.to_owned()));
        Ok(lines)
    }

    pub(super) fn follow_logs(
        &self,
        id: &str,
        tail: usize,
        since_s: Option<u64>,
        after: Option<Timestamp>,
    ) -> LogLines {
        // The engine takes whole seconds; the rest is left out here.
        let since = after.map_or_else(|| ago(since_s), |at| i32::try_from(at.as_second()).unwrap_or(0));
        let tail = if after.is_some() { "all".to_owned() } else { tail.to_string() };
        let options = LogsOptions {
            follow: true,
            stdout: true,
            stderr: true,
            timestamps: true,
            since,
            tail,
            ..Default::default()
        };
        // For as long as it stays open: an app may say nothing for hours.
        let api = self.engine.api.clone().with_timeout(FOLLOWS);
        let (output, api) = (api.logs(id, Some(options)).boxed(), self.engine.api.clone());
        let id = id.to_owned();
        let parts = stream::unfold((output, Some(Demux::default())), move |(mut output, demux)| {
            let (id, api) = (id.clone(), api.clone());
            async move {
                let (mut demux, mut lines) = (demux?, Vec::new());
                let demux = match output.next().await {
                    Some(Ok(chunk)) => {
                        demux.push(chunk, &mut |line| lines.push(Ok(timed(line))));
                        Some(demux)
                    }
                    Some(Err(e)) => {
                        lines.push(Err(unreadable(&api, &id, &e).await));
                        None
                    }
                    None => {
                        demux.end(&mut |line| lines.push(Ok(timed(line))));
                        None
                    }
                };
                Some((stream::iter(lines), (output, demux)))
            }
        });
        let new = move |line: &Result<LogLine, Problem>| {
            let old = line.as_ref().is_ok_and(|line| line.at.zip(after).is_some_and(|(at, after)| at <= after));
            std::future::ready(!old)
        };
        parts.flatten().filter(new).boxed()
    }
}

/// Why a log cannot be read: its driver may keep nothing that could be.
async fn unreadable(api: &bollard::Docker, id: &str, error: &Error) -> Problem {
    let says = matches!(error, Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message }
        if message.contains("does not support reading"));
    if !says {
        return failed(id, error);
    }
    let container = api.inspect_container(id, None::<InspectContainerOptions>).await;
    let driver = container.ok().and_then(|c| c.host_config?.log_config?.typ).unwrap_or_default();
    problem!(Failed, "engine-log-unreadable", driver = driver)
}

/// The second of the clock so many seconds ago.
fn ago(seconds: Option<u64>) -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    seconds.map_or(0, |s| i32::try_from(now.saturating_sub(s)).unwrap_or(0))
}

/// A line with the engine's own time before it.
fn timed(line: &str) -> LogLine {
    match line.split_once(' ').map(|(at, rest)| (at.parse::<Timestamp>(), rest)) {
        Some((Ok(at), rest)) => LogLine { at: Some(at), line: rest.to_owned() },
        _ => match line.parse::<Timestamp>() {
            // An empty one.
            Ok(at) => LogLine { at: Some(at), line: String::new() },
            Err(_) => LogLine { at: None, line: line.to_owned() },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_time_is_taken_off_and_nothing_else() {
        let at = "2026-11-20T20:01:44.123456789Z";
        let line = |line: &str| (timed(line).at.is_some(), timed(line).line);
        assert_eq!(line(&format!("{at} INFO  two  spaces")), (true, "INFO  two  spaces".to_owned()));
        assert_eq!(line(at), (true, String::new()));
        assert_eq!(line("no time"), (false, "no time".to_owned()));
    }

    #[test]
    fn lines_are_put_together_per_output() {
        let (mut demux, mut lines) = (Demux::default(), Vec::new());
        let mut push = |demux: &mut Demux, chunk| demux.push(chunk, &mut |l: &str| lines.push(l.to_owned()));
        push(&mut demux, LogOutput::StdOut { message: "one\ntw".into() });
        push(&mut demux, LogOutput::StdErr { message: "error\r\n".into() });
        push(&mut demux, LogOutput::StdOut { message: "o\n\nthr".into() });
        demux.end(&mut |l: &str| lines.push(l.to_owned()));
        assert_eq!(lines, ["one", "error", "two", "", "thr"]);
    }
}
