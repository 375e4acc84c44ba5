use std::time::{SystemTime, UNIX_EPOCH};

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt;
use stapel_text::Problem;

use super::Docker;
use crate::engine::failed;

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
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let since = since_s.map_or(0, |s| i32::try_from(now.saturating_sub(s)).unwrap_or(0));
        let options = LogsOptions { stdout: true, stderr: true, since, tail: tail.to_string(), ..Default::default() };
        let mut output = std::pin::pin!(self.engine.api.logs(id, Some(options)));
        let (mut demux, mut lines) = (Demux::default(), Vec::new());
        while let Some(chunk) = output.next().await {
            demux.push(chunk.map_err(|e| failed(id, &e))?, &mut |line| lines.push(line.to_owned()));
        }
        demux.end(&mut |line| lines.push(line.to_owned()));
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
