use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stapel_core::config::{Hook as Configured, When};
use stapel_host::Command;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, seconds, text};

use crate::Site;

/// A command of the team's. It ran to its end once or is not run again, unless the team says that it may be.
pub(super) struct Hook {
    pub(super) site: Arc<Site>,
    /// Its place among `[[hook]]`, from 1.
    pub(super) number: usize,
    pub(super) hook: Configured,
}

/// How far it has come, by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Progress {
    Begun,
    Done,
    Undone,
}

impl Hook {
    fn fact(&self) -> String {
        format!("hook.{}", self.number)
    }

    /// Runs one of its commands to its end or to its time.
    async fn run(&self, words: &[String], outcome: Option<&str>, cx: &StepContext<'_>) -> Result<(), Problem> {
        let dir = &self.site.target.path;
        if !dir.is_dir() {
            return Err(problem!(Failed, "agent-hook-no-dir", path = dir.as_str()));
        }
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        // A path is meant from the app's directory, whatever the system makes of it.
        let program = if program.contains('/') { dir.join(program).into_string() } else { program.clone() };
        let release = self.site.journal.known(cx.release())?;
        let mut command = Command::new(program)
            .args(arguments)
            .current_dir(dir)
            .env("STAPEL_APP", &self.site.config.app)
            .env("STAPEL_TARGET", &self.site.target_name)
            .env("STAPEL_RELEASE", release.id.to_string())
            .env("STAPEL_STEP", &self.hook.step)
            .env("STAPEL_COMMIT", release.plan.goal.commit().unwrap_or_default())
            .env("STAPEL_WHO", format!("{}@{}", release.who, release.origin))
            .without_env("STAPEL_OUTCOME");
        if let Some(outcome) = outcome {
            command = command.env("STAPEL_OUTCOME", outcome);
        }
        let Ok(finished) = tokio::time::timeout(self.hook.timeout, command.stream(cx)).await else {
            // What it has started goes as well.
            stapel_host::settled().await;
            let limit = seconds(self.hook.timeout.as_secs_f64());
            return Err(problem!(Failed, "agent-hook-late", command = words.join(" "), limit = limit));
        };
        finished?.success().map(drop)
    }

    /// A failure, or a word about it where it does not matter.
    fn outcome(&self, done: Result<(), Problem>, cx: &StepContext<'_>) -> Result<(), Problem> {
        match done {
            Err(why) if self.hook.may_fail => {
                cx.say(text!("agent-hook-failed-anyway", why = why.what));
                Ok(())
            }
            done => done,
        }
    }
}

#[async_trait]
impl Step for Hook {
    fn does(&self) -> Text {
        let (step, command) = (&self.hook.step, self.hook.run.join(" "));
        match (self.hook.when, step.as_str()) {
            (When::Before, "release") => text!("agent-hook-first", command = command),
            (When::After, "release") => text!("agent-hook-last", command = command),
            (When::Before, _) => text!("agent-hook-before", step = step, command = command),
            (When::After, _) => text!("agent-hook-after", step = step, command = command),
        }
    }

    fn undoes(&self) -> Option<Text> {
        self.hook.undo.as_ref().map(|words| text!("agent-hook-undoes", command = words.join(" ")))
    }

    /// Nobody knows what it changes, but what takes it back has to find the tree that it ran in: as a definition it goes back
    /// before the tree does, and as data after the switch it goes back before that.
    fn kind(&self) -> Kind {
        let serves = match self.hook.when {
            When::Before => matches!(self.hook.step.as_str(), "verify" | "migrate_down" | "watch" | "prune"),
            When::After => {
                matches!(self.hook.step.as_str(), "rollout" | "verify" | "migrate_down" | "watch" | "prune" | "release")
            }
        };
        if serves { Kind::Data } else { Kind::Definition }
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        match cx.fact::<Progress>(&self.fact())? {
            Some(Progress::Done) => return Ok(()),
            Some(Progress::Begun) if !self.hook.repeatable => {
                let unknown = problem!(Failed, "agent-hook-unknown", command = self.hook.run.join(" "));
                return self.outcome(Err(unknown), cx);
            }
            _ => {}
        }
        cx.set_fact(&self.fact(), &Progress::Begun)?;
        let outcome = (self.hook.when == When::After).then_some("done");
        self.outcome(self.run(&self.hook.run, outcome, cx).await, cx)?;
        cx.set_fact(&self.fact(), &Progress::Done)
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let Some(words) = &self.hook.undo else { return Ok(()) };
        if matches!(cx.fact(&self.fact())?, None | Some(Progress::Undone)) {
            return Ok(());
        }
        self.outcome(self.run(words, Some("undone"), cx).await, cx)?;
        cx.set_fact(&self.fact(), &Progress::Undone)
    }
}
