use std::time::Duration;

use rustix::process::Signal;
use stapel_host::{ProcessId, until};
use stapel_text::{Problem, Text, text};

use super::record::Slot;
use super::{Embedded, LOOK, PROMPT};

/// The variable that holds the mark.
pub(crate) const MARK: &str = "STAPEL_EMBEDDED";

/// What a process of the runtime is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The proxy.
    Proxy,
    /// An instance.
    Slot(Slot),
    /// A command that ends by itself.
    Once,
}

impl Embedded {
    /// The mark of a process in this place. The root cannot hold a line break and a place no `#`, so no mark is the
    /// beginning of another root's.
    pub(crate) fn mark(&self, place: Place) -> String {
        let place = match place {
            Place::Proxy => "proxy",
            Place::Slot(slot) => slot.name(),
            Place::Once => "once",
        };
        format!("{}#{place}", self.root)
    }

    /// The processes that carry the mark of one of these places, whether a record names them or not. This process and
    /// other users' are never among them.
    pub(crate) fn marked(&self, places: &[Place]) -> Vec<ProcessId> {
        let marks: Vec<_> = places.iter().map(|place| format!("{MARK}={}", self.mark(*place))).collect();
        stapel_host::with_variable(&marks)
    }

    /// Ends what carries the mark of a place: left over from a start that died before it was recorded.
    pub(crate) async fn sweep(&self, place: Place, grace: Duration) -> Result<(), Problem> {
        end(&self.marked(&[place]), grace, text!("embedded-wait-sweep")).await
    }
}

/// Asks processes to end, gives them `grace`, then kills; returns when they are no more.
pub(crate) async fn end(processes: &[ProcessId], grace: Duration, what: Text) -> Result<(), Problem> {
    let gone = async || Ok((!processes.iter().any(ProcessId::alive)).then_some(()));
    if gone().await?.is_some() {
        return Ok(());
    }
    processes.iter().for_each(|p| p.signal(Signal::TERM));
    match until(what.clone(), LOOK, grace, gone).await {
        Err(problem) if problem.code() == "timed-out" => {
            processes.iter().for_each(|p| p.signal(Signal::KILL));
            until(what, LOOK, PROMPT, gone).await
        }
        result => result,
    }
}
