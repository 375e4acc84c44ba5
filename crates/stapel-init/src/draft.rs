use stapel_text::{Catalogue, Text, text};
use toml::Value;

/// How wide a line may become.
const WIDTH: usize = 110;

/// A `stapel.toml` that is to be written, and what was thought on the way.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub(crate) lines: Vec<Line>,
    /// The services that were found and are the team's own.
    pub services: Vec<Judged>,
}

/// A service, and whether it may run twice at once.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// Whether two may run at once.
    pub twice: Twice,
    /// Why.
    pub why: Vec<Text>,
}

/// Whether two of a service may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twice {
    /// Yes: a relay suits it.
    Yes,
    /// No.
    No,
    /// Nothing says so or otherwise.
    Unknown,
}

impl Twice {
    /// For programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// For people.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Yes => text!("init-twice-yes"),
            Self::No => text!("init-twice-no"),
            Self::Unknown => text!("init-twice-unknown"),
        }
    }
}

/// What a line holds.
#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// An explanation.
    Note(Text),
    /// A question to the team.
    Ask(Text),
    /// `[table]` or `[[table]]`.
    Table(String),
    /// A key with where its value comes from.
    Key(&'static str, Value, Text),
    /// A table or key that is proposed and does not count.
    Off(String),
    /// An empty line.
    Gap,
}

impl Draft {
    pub(crate) fn note(&mut self, text: Text) {
        self.lines.push(Line::Note(text));
    }

    pub(crate) fn ask(&mut self, text: Text) {
        self.lines.push(Line::Ask(text));
    }

    pub(crate) fn table(&mut self, name: impl Into<String>) {
        self.lines.push(Line::Table(name.into()));
    }

    pub(crate) fn key(&mut self, key: &'static str, value: impl Into<Value>, from: Text) {
        self.lines.push(Line::Key(key, value.into(), from));
    }

    pub(crate) fn off(&mut self, key: &str, value: impl Into<Value>) {
        self.lines.push(Line::Off(format!("{key} = {}", value.into())));
    }

    pub(crate) fn off_table(&mut self, name: impl Into<String>) {
        self.lines.push(Line::Off(name.into()));
    }

    pub(crate) fn gap(&mut self) {
        if !matches!(self.lines.last(), Some(Line::Gap) | None) {
            self.lines.push(Line::Gap);
        }
    }

    /// What the team is asked.
    pub fn questions(&self) -> impl Iterator<Item = &Text> {
        self.lines.iter().filter_map(|line| match line {
            Line::Ask(text) => Some(text),
            _ => None,
        })
    }

    /// The file, with its comments in the catalogue's language.
    #[must_use]
    pub fn render(&self, catalogue: &Catalogue) -> String {
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Note(text) => comment(&mut out, "# ", &catalogue.text(text)),
                Line::Ask(text) => comment(&mut out, "# ? ", &catalogue.text(text)),
                Line::Table(name) => out.push_str(&format!("{name}\n")),
                Line::Off(toml) => out.push_str(&format!("# {toml}\n")),
                Line::Gap => out.push('\n'),
                Line::Key(key, value, from) => {
                    let (toml, from) = (format!("{key} = {value}"), printable(&catalogue.text(from)));
                    if toml.chars().count() + from.chars().count() + 4 <= WIDTH {
                        out.push_str(&format!("{toml}  # {from}\n"));
                    } else {
                        comment(&mut out, "# ", &from);
                        out.push_str(&format!("{toml}\n"));
                    }
                }
            }
        }
        format!("{}\n", out.trim_end())
    }
}

/// Names of files and services come from elsewhere: none of them ends a comment.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn comment(out: &mut String, begin: &str, text: &str) {
    let mut line = begin.to_owned();
    for word in printable(text).split_whitespace() {
        if line.chars().count() + word.chars().count() > WIDTH && line.trim_end() != begin.trim_end() {
            out.push_str(line.trim_end());
            out.push('\n');
            line = if begin == "# " { begin.to_owned() } else { "#   ".to_owned() };
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use stapel_text::Lang;

    use super::*;

    #[test]
    fn whatever_a_name_holds_it_stays_in_its_place() {
        let mut draft = Draft::default();
        draft.key("app", "a\"b\n[x]", text!("init-app-directory", directory = "a\n[evil]\nb = 1"));
        draft.note(text!("init-app-directory", directory = "c\nd = 2"));
        let text = draft.render(&Catalogue::new(Lang::En));
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), 1, "{text}");
        assert_eq!(table["app"].as_str(), Some("a\"b\n[x]"));
    }
}
