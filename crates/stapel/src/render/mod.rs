//! What people and pipelines see: [`Screen`] knows whether it speaks to a terminal, a file or a program (`--json`).

mod details;
mod examined;
mod json;
mod notices;
mod plan;
mod prepared;
mod tables;
mod view;

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use stapel_core::config::Findings;
use stapel_core::plan::Plan;
use stapel_text::{Catalogue, Lang, Problem, Text, text};
use std::sync::Mutex;

pub(crate) use view::View;

/// Where words go.
pub(crate) struct Screen {
    catalogue: Catalogue,
    json: bool,
    live: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Screen {
    pub(crate) fn new(catalogue: Catalogue, json: bool) -> Self {
        let live = !json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self { catalogue, json, live, bar: Mutex::new(None) }
    }

    /// The user's language.
    pub(crate) fn lang(&self) -> Lang {
        self.catalogue.lang()
    }

    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// A text in the user's language.
    pub(crate) fn words(&self, text: &Text) -> String {
        self.catalogue.text(text)
    }

    /// A drafted configuration with its comments in the user's language.
    pub(crate) fn render(&self, draft: &stapel_init::Draft) -> String {
        draft.render(&self.catalogue)
    }

    /// A line on standard output. Whoever has stopped reading has stopped being told; the work goes on.
    pub(crate) fn line(&self, line: &str) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// A text as a line for people; a program gets data instead.
    pub(crate) fn say(&self, text: &Text) {
        if !self.json {
            self.line(&self.words(text));
        }
    }

    /// An object as a line for programs.
    pub(crate) fn object(&self, object: &impl serde::Serialize) {
        if self.json {
            self.line(&serde_json::to_string(object).unwrap_or_default());
        }
    }

    /// All that is wrong with a configuration file, with the places marked.
    pub(crate) fn findings(&self, findings: &Findings) {
        if !self.json {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            eprint!("{}", findings.render(&self.catalogue, colour));
        }
    }

    /// A problem with its remedy, on standard error; with `--json` as an object on standard output.
    pub(crate) fn problem(&self, problem: &Problem) {
        self.done_bringing();
        let rendered = self.catalogue.problem(problem);
        if self.json {
            self.object(&json::problem(problem, &rendered));
            return;
        }
        eprintln!("{} {}", self.words(&text!("cli-problem")), rendered.message);
        if !rendered.remedy.is_empty() {
            eprintln!("{} {}", self.words(&text!("cli-remedy")), rendered.remedy);
        }
    }

    /// Asks whether to go on; the answer is read elsewhere.
    pub(crate) fn ask(&self) {
        self.prompt(&self.words(&text!("cli-go-on")));
    }

    /// Asks what a release asks of a person; likewise.
    pub(crate) fn question(&self, question: &str) {
        self.prompt(&format!("    {}", self.words(&text!("cli-question", question = question))));
    }

    fn prompt(&self, words: &str) {
        let _ = write!(std::io::stdout(), "{words} ");
        let _ = std::io::stdout().flush();
    }

    /// How much of the agent has gone up.
    pub(crate) fn bringing_agent(&self, done: u64, total: u64) {
        self.progress(&text!("cli-bringing-agent"), done, total, true);
    }

    /// How many files have gone up.
    pub(crate) fn bringing_files(&self, done: usize, total: usize) {
        self.progress(&text!("cli-bringing-files"), done as u64, total as u64, false);
    }

    fn progress(&self, what: &Text, done: u64, total: u64, bytes: bool) {
        if !self.live {
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let numbers = if bytes { "{bytes}/{total_bytes}, {bytes_per_sec}, {eta}" } else { "{pos}/{len}, {eta}" };
            let style = ProgressStyle::with_template(&format!("{{msg}} {{bar:20}} {numbers}"));
            ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_message(self.words(what));
        bar.set_length(total);
        bar.set_position(done);
    }

    fn done_bringing(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    /// The view of a release that runs.
    pub(crate) fn view<'a>(&'a self, release: u64, plan: &'a Plan) -> View<'a> {
        self.done_bringing();
        self.say(&text!("cli-release-begins", release = release.to_string()));
        View::new(self, release, plan, self.live)
    }
}
