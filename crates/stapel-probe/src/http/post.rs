use std::time::Duration;

use reqwest::Url;
use stapel_text::{Text, text};

use super::ask::{Trust, body, client, failed, unusable};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What it said.
    pub body: String,
}

/// Posts an object as JSON, once, over a connection of its own; a redirect is an answer like any other. `limit` bounds all
/// of it.
///
/// # Errors
/// What was seen instead of a whole answer. The URL, which may hold a secret, is not in it.
pub async fn post(url: &str, object: &serde_json::Value, limit: Duration) -> Result<Answer, Text> {
    let asked = async {
        let url = Url::parse(url).map_err(|e| unusable(&e))?;
        let sent = client(None, Trust::Checked)?.post(url).json(object).send().await.map_err(|e| failed(&e))?;
        let status = sent.status().as_u16();
        Ok(Answer { status, body: String::from_utf8_lossy(&body(sent).await?).into_owned() })
    };
    tokio::time::timeout(limit, asked)
        .await
        .unwrap_or_else(|_| Err(text!("probe-timeout", limit = stapel_text::seconds(limit.as_secs_f64()))))
}
