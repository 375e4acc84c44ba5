use serde::{Deserialize, Serialize};
use stapel_text::Text;

/// What one look at the app saw. Without secrets: it goes to the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The name of the check that looked.
    pub check: String,
    /// Whether all was as the check wants it.
    pub ok: bool,
    /// The HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// Milliseconds from the start of the connection to the end of the answer (or to the failure).
    pub millis: u64,
    /// What was seen, in words.
    pub detail: Text,
}
