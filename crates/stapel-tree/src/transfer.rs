use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How many bytes something took: the tree knows `logical` and `reused`, the wire `sent` and `received`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfer {
    /// The size of the whole content, uncompressed.
    pub logical: u64,
    /// Bytes that went over the line to the host.
    pub sent: u64,
    /// Bytes that came back over the line.
    pub received: u64,
    /// The part of `logical` that was on the host already.
    pub reused: u64,
}

impl AddAssign for Transfer {
    fn add_assign(&mut self, other: Self) {
        self.logical += other.logical;
        self.sent += other.sent;
        self.received += other.received;
        self.reused += other.reused;
    }
}
