use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

/// A language that Stapel speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English, the fallback.
    En,
    /// Russian.
    Ru,
}

impl Lang {
    /// All of them, for tests over every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];

    /// The language that was asked for (`--lang`, then `STAPEL_LANG`), else the locale's, else English.
    #[must_use]
    pub fn choose(asked: Option<Self>) -> Self {
        asked.or_else(|| sys_locale::get_locale().and_then(|l| l.parse().ok())).unwrap_or(Self::En)
    }

    pub(crate) fn id(self) -> LanguageIdentifier {
        let code = match self {
            Self::En => "en",
            Self::Ru => "ru",
        };
        code.parse().unwrap_or_default()
    }
}

impl FromStr for Lang {
    type Err = String;

    /// Takes `ru`, `ru-RU`, `ru_RU.UTF-8` and the like.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.split(['-', '_', '.']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" | "c" | "posix" => Ok(Self::En),
            "ru" => Ok(Self::Ru),
            _ => Err(format!("{s}: en / ru")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_their_language() {
        assert_eq!("ru_RU.UTF-8".parse(), Ok(Lang::Ru));
        assert_eq!("en-GB".parse(), Ok(Lang::En));
        assert!("de".parse::<Lang>().is_err());
    }

    #[test]
    fn what_was_asked_for_wins() {
        assert_eq!(Lang::choose(Some(Lang::Ru)), Lang::Ru);
    }
}
