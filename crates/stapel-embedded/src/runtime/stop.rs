use std::time::Duration;

use stapel_text::{Problem, problem, text};

use super::Embedded;
use super::processes::{Place, end};
use super::record::Slot;
use crate::files;
use crate::proxy::set_file;

/// How long open requests may take when everything ends.
const GRACE: Duration = Duration::from_secs(5);

impl Embedded {
    /// Ends the proxy and all instances, also those that no record names any more, and forgets them. Images, tags and
    /// logs stay. Nothing there is fine.
    ///
    /// # Errors
    /// `embedded-processes-left` where one cannot be ended, `io-failed` for the records.
    pub async fn stop_all(&self) -> Result<(), Problem> {
        // The proxy first: what is open in it needs the instances to end well.
        let instances = [Slot::ALL.map(Place::Slot).as_slice(), &[Place::Once]].concat();
        self.sweep(Place::Proxy, GRACE).await?;
        end(&self.marked(&instances), GRACE, text!("embedded-wait-sweep")).await?;
        files::remove(&self.control())?;
        files::remove(&set_file(&self.control()))?;
        for slot in Slot::ALL {
            // A record that cannot be read names nobody, and must not be in the way of the next start.
            match self.record(slot) {
                Ok(Some(record)) => self.forget(slot, &record.id)?,
                Ok(None) => {}
                Err(_) => self.forget(slot, "unknown")?,
            }
        }
        let left = self.marked(&[instances.as_slice(), &[Place::Proxy]].concat()).len();
        match left {
            0 => Ok(()),
            _ => Err(problem!(Failed, "embedded-processes-left", count = left, root = self.root.as_str())),
        }
    }
}
