use std::sync::{Mutex, PoisonError};

use crate::connection::Wire;

/// Idle connections; the one used last is used first, as clients do.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Wire>>,
}

impl Pool {
    /// One that the server has not closed.
    pub(crate) fn take(&self) -> Option<Wire> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(wire) = idle.pop() {
            if wire.is_idle() {
                return Some(wire);
            }
        }
        None
    }

    pub(crate) fn put(&self, wire: Wire) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
    }

    /// Closes those that the server has closed. Real clients do so at once; if we did not, the server's side would
    /// stay half open, and whoever waits for it to drain would wait for us.
    pub(crate) fn sweep(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).retain(Wire::is_idle);
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
