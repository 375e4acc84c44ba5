use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::socket::short_name;
use super::upstreams::Upstreams;
use super::{Status, Upstream, set_file};
use crate::files;

/// How long the proxy may take to answer a command.
const ANSWER: Duration = Duration::from_secs(10);

/// A line to the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Replaces the set of upstreams.
    Set(Vec<Upstream>),
    /// Changes nothing.
    Status(bool),
}

/// A line from the proxy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// The order could not be carried out.
    Error(String),
    /// How things are after the order.
    #[serde(untagged)]
    Done(Status),
}

/// The set that a proxy of this control socket had.
pub(crate) fn kept_set(control: &Utf8Path) -> Result<Vec<Upstream>, Problem> {
    Ok(files::read_json(&set_file(control))?.unwrap_or_default())
}

/// The proxy's end of the control socket.
pub(crate) struct Control {
    listener: UnixListener,
    kept: Utf8PathBuf,
    upstreams: Arc<Upstreams>,
}

impl Control {
    /// Takes the socket over from a proxy that is no more; whoever has the TCP address is the only one.
    pub(crate) fn bind(path: &Utf8Path, upstreams: Arc<Upstreams>) -> Result<Self, Problem> {
        files::remove(path)?;
        let bind = || {
            let (_dir, name) = short_name(path)?;
            UnixListener::bind(name)
        };
        Ok(Self { listener: bind().map_err(|e| files::io(path, &e))?, kept: set_file(path), upstreams })
    }

    pub(crate) async fn serve(self) {
        let this = Arc::new(self);
        loop {
            // Errors of accept pass (a caller gone, no descriptor free), and ending would leave a proxy without a master.
            match this.listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&this).converse(stream))),
                Err(error) => {
                    tracing::warn!(%error, "control socket");
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn converse(self: Arc<Self>, mut stream: UnixStream) {
        let (reader, mut writer) = stream.split();
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = self.carry_out(&line).map_or_else(Answer::Error, Answer::Done);
            let Ok(mut answer) = serde_json::to_vec(&answer) else { return };
            answer.push(b'\n');
            if writer.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    fn carry_out(&self, line: &str) -> Result<Status, String> {
        match serde_json::from_str(line).map_err(|e| e.to_string())? {
            Order::Set(set) => {
                files::replace_json(&self.kept, &set).map_err(|e| e.to_string())?;
                self.upstreams.set(set);
            }
            Order::Status(_) => {}
        }
        Ok(self.upstreams.status())
    }
}

/// Gives the proxy an order; `None` where no proxy runs.
///
/// # Errors
/// `embedded-proxy-silent` where one runs and does not answer as it should.
pub(crate) async fn ask(control: &Utf8Path, order: &Order) -> Result<Option<Status>, Problem> {
    let failed = |e: &dyn std::fmt::Display| {
        problem!(Failed, "embedded-proxy-silent", control = control.as_str(), error = e.to_string())
    };
    let talk = async {
        let (_dir, name) = short_name(control)?;
        let mut stream = UnixStream::connect(name).await?;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        if BufReader::new(stream).read_line(&mut answer).await? == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        Ok(answer)
    };
    // The last two are a proxy that ends while it is being asked.
    let absent = [ErrorKind::NotFound, ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    let answer: String = match timeout(ANSWER, talk).await.map_err(|e| failed(&e))? {
        Ok(answer) => answer,
        Err(e) if absent.contains(&std::io::Error::kind(&e)) => return Ok(None),
        Err(e) => return Err(failed(&e)),
    };
    match serde_json::from_str(&answer).map_err(|e| failed(&e))? {
        Answer::Done(status) => Ok(Some(status)),
        Answer::Error(why) => Err(failed(&why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_the_documented_lines() {
        let set = r#"{"set":[{"name":"a","address":"127.0.0.1:8001"}]}"#;
        let order: Order = serde_json::from_str(set).unwrap();
        assert_eq!(serde_json::to_string(&order).unwrap(), set);
        assert_eq!(serde_json::from_str::<Order>(r#"{"status":true}"#).unwrap(), Order::Status(true));
        assert!(serde_json::from_str::<Order>(r#"{"drop":true}"#).is_err());
    }
}
