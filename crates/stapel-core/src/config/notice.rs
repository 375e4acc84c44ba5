use serde::{Deserialize, Serialize};
use stapel_text::{Lang, text};

use super::Secret;
use super::table::Table;

/// `[[notify]]`: one who is told of releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// How they are reached.
    #[serde(flatten)]
    pub channel: Channel,
    /// Of what they are told.
    pub on: Vec<Moment>,
    /// In which language; `None`: the one of the operator, who fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
}

/// How somebody is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Channel {
    /// By a bot of Telegram's.
    Telegram {
        /// The bot's token.
        token: Secret,
        /// The chat that it writes to.
        chat: Secret,
        /// Where its interface is, without a `/` at the end.
        api: String,
    },
    /// By a POST of `{"text": …}`, as Slack takes it.
    Webhook {
        /// Where to; whoever knows it can write there.
        url: Secret,
    },
}

impl Channel {
    /// Where bots of Telegram's are.
    pub const TELEGRAM: &str = "https://api.telegram.org";

    /// Its values that may be secret.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Telegram { token, chat, .. } => vec![token, chat],
            Self::Webhook { url } => vec![url],
        }
    }

    /// Its kind, as the file has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Telegram { .. } => "telegram",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// What of a release is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It begins.
    Start,
    /// It has ended, well or undone.
    End,
    /// It goes back.
    Back,
    /// It is stuck: a person is needed.
    Stuck,
}

impl Moment {
    /// All of them with their names in the file.
    pub const ALL: [(&str, Self); 4] =
        [("start", Self::Start), ("end", Self::End), ("back", Self::Back), ("stuck", Self::Stuck)];
}

/// Reads all of them.
pub(super) fn notify(root: &Table<'_>) -> Vec<Notify> {
    root.array("notify").into_iter().enumerate().filter_map(|(index, t)| one(t, index + 1)).collect()
}

/// The number is the place in the file, from 1.
fn one(t: Table<'_>, number: usize) -> Option<Notify> {
    let place = |key: &str| format!("notify.{number}.{key}");
    t.required("kind");
    let channel = match t.choice("kind", &[("telegram", Kind::Telegram), ("webhook", Kind::Webhook)]) {
        Some(Kind::Telegram) => {
            let token = t.required_secret("token", &place("token"));
            let chat = t.required_secret("chat", &place("chat"));
            let api = t.string("api").unwrap_or_else(|| Channel::TELEGRAM.to_owned());
            if !is_url(&api) {
                t.error(t.span_of("api"), text!("core-config-url", key = "api"));
            }
            let api = api.trim_end_matches('/').to_owned();
            token.zip(chat).map(|(token, chat)| Channel::Telegram { token, chat, api })
        }
        Some(Kind::Webhook) => {
            let url = t.required_secret("url", &place("url"));
            if url.as_ref().and_then(|url| t.revealed(url)).is_some_and(|url| !is_url(&url)) {
                t.error(t.span_of("url"), text!("core-config-url", key = "url"));
            }
            url.map(|url| Channel::Webhook { url })
        }
        // Which keys belong to what is meant, nobody knows.
        None => return None,
    };
    let on = t.choices("on", &Moment::ALL).unwrap_or_else(|| Moment::ALL.map(|(_, moment)| moment).to_vec());
    let lang = t.choice("lang", &[("en", Lang::En), ("ru", Lang::Ru)]);
    t.finish();
    channel.map(|channel| Notify { channel, on, lang })
}

#[derive(Clone, Copy)]
enum Kind {
    Telegram,
    Webhook,
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}
