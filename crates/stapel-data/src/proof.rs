use serde::{Deserialize, Serialize};

/// What was found when a dump was read back whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Tables in it.
    pub tables: u64,
    /// Rows in all of them, where the kind of dump can be asked without restoring it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes of the file that was read.
    pub bytes: u64,
}
