//! The plan: what changes, what will be done, how long it takes, how far the way back reaches.

use stapel_core::observation::{FileChange, Guardian, Observation};
use stapel_core::plan::{PhaseGoal, Plan, reach};
use stapel_git::{Commit, Since};
use stapel_text::{Text, seconds, text};

use super::Screen;

/// How many files, commits and the like are named.
const NAMED: usize = 20;

impl Screen {
    /// What will be done, and from what that follows.
    pub(crate) fn plan(&self, plan: &Plan, observation: &Observation, since: Option<&Since>) {
        self.done_bringing();
        if self.json {
            self.object(&super::json::plan(plan, observation, since));
            return;
        }
        if plan.is_empty() {
            let release = observation.last.as_ref().map_or_else(|| "-".to_owned(), |l| l.id.to_string());
            self.say(&text!("cli-nothing-to-do", release = release));
            return;
        }
        if let Some(since) = since {
            self.since(since);
        }
        self.changes(observation);
        match plan.goal.phase() {
            Some(phase) => self.say(&text!(
                "cli-plan-phase",
                engine = &observation.engine,
                number = phase.number,
                of = phase.of,
                name = &phase.name
            )),
            None => self.say(&text!("cli-plan", engine = &observation.engine)),
        }
        for (number, step) in plan.steps.iter().enumerate() {
            let does = step.does.as_ref().map(|t| self.words(t)).unwrap_or_default();
            let why = step.why.as_ref().map(|t| format!(" — {}", self.words(t))).unwrap_or_default();
            self.line(&format!("  {:>2}. {does}{why}", number + 1));
            if let Some(undoes) = &step.undoes {
                self.line(&format!("        {} {}", self.words(&text!("cli-way-back")), self.words(undoes)));
            }
        }
        self.later(plan);
        self.say(&text!("cli-plan-gap", gap = seconds(plan.gap_s)));
        self.say(&match plan.takes_s() {
            Some(takes) => text!("cli-plan-takes", takes = seconds(takes)),
            None => text!("cli-plan-takes-unknown"),
        });
        self.say(&reach(plan, observation));
        // The embedded runtime does not outlive its host anyway.
        if observation.guardian == Guardian::Process && observation.engine != "embedded" {
            self.say(&text!("cli-guardian-process"));
        }
    }

    /// The gate of this phase and what comes after it; nothing where there are no phases.
    fn later(&self, plan: &Plan) {
        let Some(phase) = plan.goal.phase() else { return };
        self.line(&format!("      {}", self.words(&gate(phase))));
        if !plan.later.is_empty() {
            self.say(&text!("cli-plan-later"));
        }
        for goal in &plan.later {
            let Some(phase) = goal.phase() else { continue };
            let commit = goal.commit().map(|commit| &commit[..commit.floor_char_boundary(10)]).unwrap_or_default();
            let subject = phase.subject.as_deref().unwrap_or_default();
            self.line(format!("  {:>2}. {}  {commit} {subject}", phase.number, phase.name).trim_end());
            self.line(&format!("      {}", self.words(&gate(phase))));
        }
    }

    /// What was edited where it should not have been, as git shows it.
    pub(crate) fn difference(&self, difference: &str) {
        if !self.json {
            difference.lines().for_each(|line| self.line(line));
        }
    }

    fn since(&self, since: &Since) {
        let deployed = &since.deployed[..since.deployed.floor_char_boundary(10)];
        if !since.known {
            return self.say(&text!("cli-plan-commit-unknown", commit = deployed));
        }
        if since.same {
            return self.say(&text!("cli-plan-commit-same", commit = deployed));
        }
        if since.new.count > 0 {
            self.say(&text!("cli-plan-commits", count = since.new.count, commit = deployed));
            self.list_of(&since.new.newest, since.new.count, commit);
        }
        if since.gone.count > 0 {
            self.say(&text!("cli-plan-commits-gone", count = since.gone.count));
            self.list_of(&since.gone.newest, since.gone.count, commit);
        }
    }

    fn changes(&self, observation: &Observation) {
        if observation.files_differ > 0 {
            self.say(&text!("cli-plan-files", count = observation.files_differ));
            self.files(&observation.files, observation.files_differ);
        }
        if observation.foreign > 0 {
            self.say(&text!("cli-plan-kept", count = observation.foreign));
            self.list_of(&observation.kept, observation.foreign, Clone::clone);
        }
        for env in &observation.env {
            let variables: Vec<_> = env.variables.iter().map(|(name, b)| format!("{} {name}", b.sign())).collect();
            self.say(&text!("cli-plan-env", file = &env.file, variables = variables.join(", ")));
        }
        if let Some(schema) = observation.schema.as_ref().filter(|schema| !schema.pending.is_empty()) {
            let current = if schema.current.is_empty() { "-".to_owned() } else { schema.current.join(", ") };
            self.say(&text!("cli-plan-schema", current = current, count = schema.pending.len()));
            self.list(&schema.pending, |pending| format!("{} {}", pending.revision, pending.says));
        }
    }

    /// Files with what becomes of them; `all` is how many there are, of which these are the first.
    pub(super) fn files(&self, files: &[FileChange], all: usize) {
        self.list_of(files, all, |file| format!("{} {}", file.becomes.sign(), file.path));
    }

    fn list<T>(&self, items: &[T], words: impl Fn(&T) -> String) {
        self.list_of(items, items.len(), words);
    }

    fn list_of<T>(&self, items: &[T], all: usize, words: impl Fn(&T) -> String) {
        let shown = items.iter().take(NAMED);
        let more = all.saturating_sub(shown.len());
        shown.for_each(|item| self.line(format!("      {}", words(item)).trim_end()));
        if more > 0 {
            self.line(&format!("      {}", self.words(&text!("cli-show-more", count = more))));
        }
    }
}

fn gate(phase: &PhaseGoal) -> Text {
    match &phase.gate {
        Some(gate) => text!("cli-plan-gate", checks = gate.join(", ")),
        None => text!("cli-plan-gate-all"),
    }
}

fn commit(commit: &Commit) -> String {
    format!("{} {}", commit.id, commit.subject)
}
