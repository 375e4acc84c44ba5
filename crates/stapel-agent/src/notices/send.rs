use std::time::Duration;

use serde_json::{Value, json};
use stapel_core::config::{Channel, Secrets};
use stapel_probe::http::post;
use stapel_text::{Problem, problem};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// For how long it is tried again where nobody listens, or where it is too much for the server just now.
const WITHIN: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_secs(1);
/// How much of an answer is kept, in bytes.
const SAID: usize = 200;

/// Sends words over a channel.
///
/// # Errors
/// `agent-notice-unreached`, `agent-notice-refused`; `core-secret-missing`. Nothing secret is in them.
pub(super) async fn send(channel: &Channel, secrets: &Secrets, words: &str) -> Result<(), Problem> {
    let (url, body) = request(channel, secrets, words)?;
    let attempt = || async {
        let answer =
            post(&url, &body, ATTEMPT).await.map_err(|why| problem!(Failed, "agent-notice-unreached", why = why))?;
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        let said: String = secrets.mask(&answer.body).chars().filter(|c| !c.is_control()).collect();
        let said = &said[..said.floor_char_boundary(SAID)];
        let passes = answer.status == 429 || answer.status >= 500;
        let refused = problem!(Failed, "agent-notice-refused", status = answer.status.to_string(), said = said);
        Err(if passes { refused.class(stapel_text::Class::Busy) } else { refused })
    };
    let sent = stapel_host::retry(EVERY, WITHIN, attempt, again).await;
    sent.map_err(|why| why.class(stapel_text::Class::Failed))
}

/// What may pass, and has not told it already.
fn again(why: &Problem) -> bool {
    why.class == stapel_text::Class::Busy || (why.code() == "agent-notice-unreached" && !is_late(why))
}

/// Whether only the answer was late: the words may have arrived.
pub(super) fn is_late(why: &Problem) -> bool {
    let reason = why.what.args.get("why");
    reason.is_some_and(|why| matches!(why, stapel_text::Value::Text(text) if text.id == "probe-timeout"))
}

fn request(channel: &Channel, secrets: &Secrets, words: &str) -> Result<(String, Value), Problem> {
    Ok(match channel {
        Channel::Telegram { token, chat, api } => {
            let url = format!("{api}/bot{}/sendMessage", token.reveal(secrets)?);
            (url, json!({ "chat_id": chat.reveal(secrets)?, "text": words, "disable_web_page_preview": true }))
        }
        // These three, Slack takes for its own marks.
        Channel::Webhook { url } => {
            let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            (url.reveal(secrets)?, json!({ "text": words }))
        }
    })
}

#[cfg(test)]
mod tests {
    use stapel_core::config::Secret;
    use stapel_text::text;

    use super::*;

    #[test]
    fn telegram_and_a_webhook_get_what_each_takes() {
        let mut secrets = Secrets::default();
        secrets.insert("TOKEN", "1:s3cret");
        let token = Secret::new("${TOKEN}");
        let telegram = Channel::Telegram { token, chat: Secret::new("-7"), api: "http://a.example".into() };
        let (url, body) = request(&telegram, &secrets, "a <b>").unwrap();
        assert_eq!(url, "http://a.example/bot1:s3cret/sendMessage");
        assert_eq!((&body["chat_id"], &body["text"]), (&json!("-7"), &json!("a <b>")));
        let webhook = Channel::Webhook { url: Secret::new("http://b.example/${TOKEN}") };
        let (url, body) = request(&webhook, &secrets, "a <b> & c").unwrap();
        assert_eq!((url.as_str(), &body["text"]), ("http://b.example/1:s3cret", &json!("a &lt;b&gt; &amp; c")));
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_again() {
        let late = text!("probe-timeout", limit = stapel_text::seconds(5.0));
        assert!(!again(&problem!(Failed, "agent-notice-unreached", why = late)));
        let nobody = text!("probe-no-answer", error = "connection refused");
        assert!(again(&problem!(Failed, "agent-notice-unreached", why = nobody)));
        let refused = problem!(Failed, "agent-notice-refused", status = "401", said = "");
        assert!(!again(&refused));
    }
}
