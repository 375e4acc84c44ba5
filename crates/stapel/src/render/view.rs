use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use stapel_core::plan::Plan;
use stapel_release::{Direction, Event, Outcome, Recorded, Release, StepState};
use stapel_text::{Text, seconds, text};

use super::notices::notice;
use super::{Screen, json};

const TICK: Duration = Duration::from_millis(100);
/// How much of an output line fits beside the spinner, in characters.
const LINE: usize = 60;

/// A release on the screen while it runs: a line for each step that has ended, and one that moves for the one that runs.
pub(crate) struct View<'a> {
    screen: &'a Screen,
    release: u64,
    plan: &'a Plan,
    spinner: Option<ProgressBar>,
    began: BTreeMap<usize, Timestamp>,
}

impl<'a> View<'a> {
    pub(super) fn new(screen: &'a Screen, release: u64, plan: &'a Plan, live: bool) -> Self {
        let spinner = live.then(|| {
            let style = ProgressStyle::with_template("  {spinner} {msg} {elapsed}");
            let spinner =
                ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.enable_steady_tick(TICK);
            spinner
        });
        Self { screen, release, plan, spinner, began: BTreeMap::new() }
    }

    fn print(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| self.screen.line(line)),
            None => self.screen.line(line),
        }
    }

    fn does(&self, index: usize) -> String {
        let does = self.plan.steps.get(index).and_then(|s| s.does.as_ref());
        does.map(|t| self.screen.words(t)).unwrap_or_default()
    }

    fn moving(&self, message: String) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(message);
        }
    }

    /// Leaves the last line of the screen to somebody else, or takes it back.
    pub(crate) fn rest(&self, rests: bool) {
        let Some(spinner) = &self.spinner else { return };
        if rests {
            // What hides it must not leave a line of it behind.
            spinner.suspend(|| ());
            spinner.set_draw_target(ProgressDrawTarget::hidden());
        } else {
            spinner.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Shows an event.
    pub(crate) fn event(&mut self, recorded: &Recorded) {
        if self.screen.json() {
            self.screen.object(&serde_json::json!({ "release": self.release, "event": recorded }));
            return;
        }
        match &recorded.event {
            Event::Step { index, state, problem } => {
                self.step(*index, *state, recorded.at, problem.as_ref().map(|p| &p.what))
            }
            Event::Say { text, .. } => self.print(&format!("      {}", self.screen.words(text))),
            Event::Line { index, line } => {
                let shown: String = line.chars().filter(|c| !c.is_control()).take(LINE).collect();
                self.moving(format!("{}: {shown}", self.does(*index)));
            }
            Event::Progress { index, done, total } => self.moving(format!("{} {done}/{total}", self.does(*index))),
            Event::Question { question, until, .. } => {
                let until = until.strftime("%H:%M:%S UTC").to_string();
                let (release, question) = (self.release.to_string(), question.as_str());
                let asked = text!("cli-asked", question = question, until = until, release = release);
                self.print(&format!("  ? {}", self.screen.words(&asked)));
            }
            Event::GoingBack { .. } => self.print(&format!("  {}", self.screen.words(&text!("cli-going-back")))),
            Event::TakenUp { direction } => {
                let words = match direction {
                    Direction::Forward => text!("cli-taken-up-forward"),
                    Direction::Back => text!("cli-taken-up-back"),
                };
                self.print(&format!("  ⚠ {}", self.screen.words(&words)));
            }
            Event::Cancelled { who } => {
                self.print(&format!("  ⚠ {}", self.screen.words(&text!("cli-cancelled", who = who))));
            }
            Event::Notice { notify, kind, of, problem } => {
                let sign = if problem.is_some() { "⚠" } else { "✉" };
                self.print(&format!("  {sign} {}", self.screen.words(&notice(*notify, kind, *of, problem.as_ref()))));
            }
            Event::Ended { .. } => {}
        }
    }

    fn step(&mut self, index: usize, state: StepState, at: Timestamp, problem: Option<&Text>) {
        let does = self.does(index);
        let took = self.began.get(&index).map(|b| self.screen.words(&seconds(at.duration_since(*b).as_secs_f64())));
        let took = took.unwrap_or_default();
        match state {
            StepState::Doing | StepState::Undoing => {
                self.began.insert(index, at);
                let undo = if state == StepState::Undoing { "↩ " } else { "" };
                if let Some(spinner) = &self.spinner {
                    spinner.reset_elapsed();
                }
                self.moving(format!("{undo}{does}"));
            }
            StepState::Done => self.print(&format!("  ✓ {does}  {took}")),
            StepState::Failed => {
                self.print(&format!("  ✗ {does}  {took}"));
                if let Some(problem) = problem {
                    self.print(&format!("      {}", self.screen.words(problem).replace('\n', "\n      ")));
                }
            }
            StepState::Undone => {
                // A step that only looked has nothing that could be undone: no line for it.
                if self.plan.steps.get(index).is_some_and(|s| s.undoes.is_some()) {
                    self.print(&format!("  ↩ {}  {took}", self.undoes(index)));
                }
            }
            StepState::Stuck => self.print(&format!("  ‼ {}", self.undoes(index))),
            StepState::Planned => {}
        }
    }

    fn undoes(&self, index: usize) -> String {
        let undoes = self.plan.steps.get(index).and_then(|s| s.undoes.as_ref());
        undoes.map(|t| self.screen.words(t)).unwrap_or_default()
    }

    /// Shows how it ended.
    pub(crate) fn end(self, release: &Release) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        if self.screen.json() {
            self.screen.object(&json::release(release));
            return;
        }
        let time = seconds(release.seconds().unwrap_or_default());
        let id = release.id.to_string();
        let phase = release.plan.goal.phase();
        if let Some(phase) = phase.filter(|_| release.outcome == Some(Outcome::Done)) {
            self.screen.say(&text!("cli-ended-phase", number = phase.number, of = phase.of, name = &phase.name));
        }
        match release.outcome {
            Some(Outcome::Done) if release.plan.goal.manifest().is_none() => {
                self.screen.say(&text!("cli-ended-restarted", release = id, time = time))
            }
            Some(Outcome::Done | Outcome::Found) => {
                self.screen.say(&text!("cli-ended-done", release = id, time = time))
            }
            Some(Outcome::Undone) => {
                self.screen.say(&text!("cli-ended-undone", release = id, time = time));
                if phase.is_some_and(|phase| phase.number > 1) {
                    self.screen.say(&text!("cli-ended-phase-undone"));
                }
            }
            Some(Outcome::Stuck) | None => self.screen.say(&text!("cli-ended-stuck", release = id, time = time)),
        }
        if let Some(problem) = &release.problem {
            self.screen.problem(problem);
        }
    }
}
