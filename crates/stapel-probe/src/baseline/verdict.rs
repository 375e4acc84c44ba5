use serde::{Deserialize, Serialize};
use stapel_text::Text;

/// What a watch says about the app, beside its baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A check that was broken works now, and nothing is worse.
    Better,
    /// No difference that counts.
    Same,
    /// It is worse, for these reasons.
    Worse(Vec<Text>),
}
