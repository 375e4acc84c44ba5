use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tracing::{debug, error, info, trace, warn};

use crate::printable;
use crate::script::{MACHINE, PLACE, USER};

/// How much is kept for a message, in bytes from the end; how long one line may get.
const KEPT: usize = 32 << 10;

/// How long is waited for the last words of a process that has ended: one that it left behind (the master of a
/// shared ssh connection) may hold the pipe open for hours.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Reads the standard error of `ssh` and of the agent behind it: log records go to the log, the rest is kept.
pub(crate) struct Stderr {
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    machine: Option<String>,
    user: Option<String>,
    places: Vec<String>,
    kept: Vec<u8>,
}

impl Stderr {
    pub(crate) fn listen(reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let task = tokio::spawn(listen(reader, Arc::clone(&heard)));
        Self { heard, task }
    }

    /// What `uname -sm` said on the host, once our script has begun there.
    pub(crate) fn machine(&self) -> Option<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).machine.clone()
    }

    /// Whom `sudo` refused on the host.
    pub(crate) fn user(&self) -> Option<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).user.clone()
    }

    /// What was said about places for the agent that will not do.
    pub(crate) fn places(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).places.clone()
    }

    /// What was said besides log records, made printable; at most 32 KiB from the end.
    pub(crate) fn said(&self) -> String {
        printable(&self.heard.lock().unwrap_or_else(PoisonError::into_inner).kept, KEPT)
    }

    /// To be called when the process has ended: hears it out.
    pub(crate) async fn end(&mut self) {
        if tokio::time::timeout(LAST_WORDS, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn listen(mut reader: impl AsyncRead + Unpin, heard: Arc<Mutex<Heard>>) {
    let (mut line, mut chunk) = (Vec::new(), [0; 4096]);
    // An error of the pipe is its end: nothing more will come.
    while let Ok(n @ 1..) = reader.read(&mut chunk).await {
        for part in chunk[..n].split_inclusive(|b| *b == b'\n') {
            line.extend_from_slice(part);
            if line.ends_with(b"\n") || line.len() > KEPT {
                heard.lock().unwrap_or_else(PoisonError::into_inner).take(&line);
                line.clear();
            }
        }
    }
    heard.lock().unwrap_or_else(PoisonError::into_inner).take(&line);
}

impl Heard {
    fn take(&mut self, line: &[u8]) {
        if let Ok(Value::Object(record)) = serde_json::from_slice(line)
            && log(record)
        {
            return;
        }
        let text = printable(line, KEPT);
        if let Some(machine) = text.strip_prefix(MACHINE) {
            self.machine = Some(machine.to_owned());
            return;
        }
        if let Some(user) = text.strip_prefix(USER) {
            self.user = Some(user.to_owned());
            return;
        }
        if let Some(place) = text.strip_prefix(PLACE) {
            self.places.push(place.to_owned());
            return;
        }
        if !text.is_empty() {
            debug!(target: "stapel_agent", "{text}");
        }
        self.kept.extend_from_slice(line);
        let beyond = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..beyond);
    }
}

/// Passes on a record as the JSON format of `tracing-subscriber` has it. Says whether it was one.
fn log(mut record: Map<String, Value>) -> bool {
    let Some(Value::String(level)) = record.remove("level") else { return false };
    let mut fields = match record.remove("fields") {
        Some(Value::Object(fields)) => fields,
        _ => record,
    };
    let message = match fields.remove("message") {
        Some(Value::String(message)) => printable(message.as_bytes(), KEPT),
        _ => String::new(),
    };
    // serde_json writes control characters escaped.
    let fields = Value::Object(fields);
    match level.as_str() {
        "ERROR" => error!(target: "stapel_agent", %fields, "{message}"),
        "WARN" => warn!(target: "stapel_agent", %fields, "{message}"),
        "INFO" => info!(target: "stapel_agent", %fields, "{message}"),
        "DEBUG" => debug!(target: "stapel_agent", %fields, "{message}"),
        _ => trace!(target: "stapel_agent", %fields, "{message}"),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn heard(input: &[u8]) -> Stderr {
        let mut stderr = Stderr::listen(std::io::Cursor::new(input.to_vec()));
        stderr.end().await;
        stderr
    }

    #[tokio::test]
    async fn records_go_to_the_log_and_the_rest_is_kept() {
        let input = b"banner\nstapel-host: Linux x86_64\n{\"level\":\"INFO\",\"fields\":{\"message\":\"hi\"}}\n{\"no\":1}\nlast\x1b words";
        let stderr = heard(input).await;
        assert_eq!(stderr.machine().as_deref(), Some("Linux x86_64"));
        assert_eq!(stderr.said(), "banner\n{\"no\":1}\nlast\u{fffd} words");
    }

    #[tokio::test]
    async fn what_the_scripts_say_is_for_us_and_not_kept() {
        let input = b"stapel-user: anna\nstapel-place: noexec|/home/anna|\nstapel-place: foreign|/var/tmp/x|\noops\n";
        let stderr = heard(input).await;
        assert_eq!(stderr.user().as_deref(), Some("anna"));
        assert_eq!(stderr.places(), ["noexec|/home/anna|", "foreign|/var/tmp/x|"]);
        assert_eq!(stderr.said(), "oops");
    }

    #[tokio::test]
    async fn a_flood_is_cut_from_its_beginning() {
        let input = [b"x".repeat(200_000), b"\nthe end\n".to_vec()].concat();
        let said = heard(&input).await.said();
        assert!(said.len() <= KEPT && said.ends_with("the end"), "{}", said.len());
    }
}
