//! What a host has and lacks, and how it is made ready.

use serde_json::json;
use stapel_agent::prepare::{Preparation, Step};
use stapel_text::text;

use super::Screen;
use crate::client::Preparing;

impl Screen {
    /// What is there, and what would be done, with its commands.
    pub(crate) fn lacks(&self, found: &Preparation, host: &str) {
        self.done_bringing();
        self.there(found);
        if found.steps.is_empty() || self.json {
            return;
        }
        self.say(&text!("cli-prepare-would", count = found.steps.len(), host = host));
        for (number, step) in found.steps.iter().enumerate() {
            self.line(&format!("  {}. {}", number + 1, self.words(&step.text())));
            self.line(&format!("       {}", shown(&step.command())));
        }
    }

    /// A step that begins, and what its command says.
    pub(crate) fn preparing(&self, steps: &[Step], said: &Preparing) {
        match said {
            Preparing::Step(number) => {
                self.object(&json!({ "step": number }));
                if let Some(step) = steps.get(*number) {
                    self.say(&text!("cli-prepare-step", step = step.text(), number = number + 1, of = steps.len()));
                }
            }
            Preparing::Line(line) => {
                let line: String = line.chars().filter(|c| !c.is_control()).collect();
                self.object(&json!({ "line": line }));
                if !self.json {
                    self.line(&format!("      {line}"));
                }
            }
        }
    }

    /// How the host is when all was done: what is left has its remedy.
    pub(crate) fn prepared(&self, found: &Preparation, host: &str) {
        self.there(found);
        if found.steps.is_empty() && found.left.is_empty() {
            return self.say(&text!("cli-prepare-done", host = host));
        }
        self.say(&text!("cli-prepare-left", host = host));
        found.steps.iter().for_each(|step| self.say(&step.text()));
        found.left.iter().for_each(|problem| self.problem(problem));
    }

    fn there(&self, found: &Preparation) {
        if self.json {
            let steps = found.steps.iter().map(|step| {
                let mut all = json!(step);
                all["does"] = json!(self.words(&step.text()));
                all["command"] = json!(step.command());
                all
            });
            let there: Vec<_> = found.there.iter().map(|text| self.words(text)).collect();
            return self.object(&json!({ "there": there, "steps": steps.collect::<Vec<_>>(), "left": found.left }));
        }
        found.there.iter().for_each(|text| self.line(&format!("✓ {}", self.words(text))));
    }
}

/// A command as a person could type it: what a shell would take apart is quoted.
fn shown(command: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    let quoted = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    command.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_could_be_typed() {
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let plain = words(&["apt-get", "-o", "Dpkg::Options::=--force-confold"]);
        assert_eq!(shown(&plain), "apt-get -o Dpkg::Options::=--force-confold");
        assert_eq!(shown(&words(&["mkdir", "/srv/it's mine", ""])), r"mkdir '/srv/it'\''s mine' ''");
    }
}
