use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::{Lang, Problem, Rendered, Text, Value};

/// One catalogue file of a language; the file is named like the room whose messages it holds.
pub struct Room {
    /// The room, which is the file's name without `.ftl`.
    pub name: &'static str,
    /// The Fluent source.
    pub source: &'static str,
}

macro_rules! catalogue_files {
    ($lang:literal: $($room:literal),* $(,)?) => {
        &[$(Room { name: $room, source: include_str!(concat!("../catalogues/", $lang, "/", $room, ".ftl")) }),*]
    };
}

/// The catalogue files of a language.
#[must_use]
pub fn rooms(lang: Lang) -> &'static [Room] {
    match lang {
        Lang::En => {
            catalogue_files!("en": "units", "net", "embedded", "core", "release", "wire", "tree", "git", "engine", "rollouts", "data", "probe", "agent", "init", "cli")
        }
        Lang::Ru => {
            catalogue_files!("ru": "units", "net", "embedded", "core", "release", "wire", "tree", "git", "engine", "rollouts", "data", "probe", "agent", "init", "cli")
        }
    }
}

/// The messages of one language.
pub struct Catalogue {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// Reads the catalogues that are built into the binary.
    ///
    /// A message that does not parse is left out; `tests/catalogues.rs` holds that there is none.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![lang.id()]);
        bundle.set_use_isolating(false);
        for room in rooms(lang) {
            let resource = FluentResource::try_new(room.source.to_owned()).unwrap_or_else(|(partial, _)| partial);
            bundle.add_resource_overriding(resource);
        }
        Self { lang, bundle }
    }

    /// The language of this catalogue.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// A text in words. An id that is not in the catalogue (a newer agent may know more) is shown with its data.
    #[must_use]
    pub fn text(&self, text: &Text) -> String {
        self.pattern(text, None).unwrap_or_else(|| self.bare(text))
    }

    /// A problem in words: the message, the causes below it, and the remedy of the innermost one that has a remedy.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> Rendered {
        let mut message = self.text(&problem.what);
        let mut remedy = self.pattern(&problem.what, Some("remedy")).unwrap_or_default();
        let mut cause = problem.cause.as_deref();
        while let Some(inner) = cause {
            message.push_str("\n  ");
            message.push_str(&self.text(&inner.what).replace('\n', "\n  "));
            if let Some(r) = self.pattern(&inner.what, Some("remedy")) {
                remedy = r;
            }
            cause = inner.cause.as_deref();
        }
        Rendered { message, remedy }
    }

    fn pattern(&self, text: &Text, attribute: Option<&str>) -> Option<String> {
        let message = self.bundle.get_message(&text.id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut args = FluentArgs::new();
        for (name, value) in &text.args {
            let value: FluentValue<'_> = match value {
                Value::Number(n) => (*n).into(),
                Value::String(s) => s.as_str().into(),
                Value::Text(t) => self.text(t).into(),
            };
            args.set(name.as_str(), value);
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned())
    }

    fn bare(&self, text: &Text) -> String {
        let args: Vec<String> = text
            .args
            .iter()
            .map(|(k, v)| match v {
                Value::Number(n) => format!("{k}={n}"),
                Value::String(s) => format!("{k}={s}"),
                Value::Text(t) => format!("{k}={}", self.text(t)),
            })
            .collect();
        format!("{} {}", text.id, args.join(" ")).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{problem, text};

    #[test]
    fn an_unknown_id_shows_its_data() {
        let text = Text::new("from-the-future").with("name", "x");
        assert_eq!(Catalogue::new(Lang::En).text(&text), "from-the-future name=x");
    }

    #[test]
    fn a_text_inside_a_text_is_in_the_same_language() {
        let c = Catalogue::new(Lang::Ru);
        assert_eq!(c.text(&text!("unit-mb", n = "1.5")), "1.5 МБ");
    }

    #[test]
    fn the_innermost_remedy_is_the_one_to_act_on() {
        let inner = problem!(Failed, "command-failed", command = "iptables", output = "no");
        let outer = problem!(Failed, "command-missing", command = "x").because(inner);
        let rendered = Catalogue::new(Lang::En).problem(&outer);
        assert!(rendered.message.contains("iptables"), "{}", rendered.message);
        assert!(!rendered.remedy.is_empty());
    }
}
