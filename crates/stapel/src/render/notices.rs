//! Who was told of a release, and who could not be.

use stapel_agent::protocol::Told;
use stapel_core::config::Moment;
use stapel_text::{Problem, Text, text};

use super::Screen;

impl Screen {
    /// What became of test notices.
    pub(crate) fn told(&self, all: &[Told]) {
        self.done_bringing();
        for told in all {
            self.object(told);
            let who = who(&told.kind, told.notify);
            self.say(&match &told.problem {
                None => text!("cli-notice-sent", who = who),
                Some(problem) => text!("cli-notice-failed", who = who, problem = problem.what.clone()),
            });
            if let Some(problem) = told.problem.as_ref().filter(|_| !self.json) {
                let remedy = self.catalogue.problem(problem).remedy;
                self.line(&format!("      {} {remedy}", self.words(&text!("cli-remedy"))));
            }
        }
    }
}

fn who(kind: &str, number: usize) -> Text {
    text!("cli-notice-who", kind = kind, number = number)
}

/// One notice of a release.
pub(super) fn notice(number: usize, kind: &str, of: Moment, problem: Option<&Problem>) -> Text {
    let who = who(kind, number);
    let of = match of {
        Moment::Start => text!("cli-notice-start"),
        Moment::End => text!("cli-notice-end"),
        Moment::Back => text!("cli-notice-back"),
        Moment::Stuck => text!("cli-notice-stuck"),
    };
    match problem {
        None => text!("cli-notice-sent-of", who = who, of = of),
        Some(problem) => text!("cli-notice-failed-of", who = who, of = of, problem = problem.what.clone()),
    }
}
