//! Status, history and logs.

use std::io::Write;

use serde_json::json;
use stapel_agent::protocol::{ServiceLog, Status};
use stapel_core::plan::Goal;
use stapel_core::ports::Health;
use stapel_release::{Outcome, Release};
use stapel_text::{Problem, Text, seconds, text};

use super::Screen;
use crate::client::Said;
use crate::project::Project;

/// How many files that differ are named.
const NAMED: usize = 5;

impl Screen {
    /// How an app is.
    pub(crate) fn status(&self, project: &Project, status: &Status) {
        self.done_bringing();
        if self.json {
            self.object(status);
            return;
        }
        self.say(&text!(
            "cli-status-head",
            app = &project.config.app,
            target = &project.target,
            host = project.host(),
            engine = &status.engine
        ));
        for service in &status.services {
            let image = service.instance.as_ref().map_or_else(|| "-".to_owned(), |i| short(&i.image.0).to_owned());
            self.line(&format!("  {}  {}  {image}", service.name, self.words(&health(&service.health))));
        }
        match &status.in_service {
            Some(release) => self.line(&format!("  {}", self.release_line(release))),
            None => self.say(&text!("cli-status-never")),
        }
        if let Some(owner) = &status.owner {
            let since = owner.since.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
            self.say(&text!("cli-status-owner", who = &owner.who, doing = &owner.doing, since = since));
        }
        if !status.drift.is_empty() {
            let names = status.drift.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            self.say(&text!("cli-status-drift", count = status.drift.len(), names = names));
        }
        self.say(&text!("cli-status-state", path = &status.state));
    }

    /// The newest releases.
    pub(crate) fn history(&self, releases: &[Release]) {
        self.done_bringing();
        if self.json {
            releases.iter().for_each(|r| self.object(r));
            return;
        }
        if releases.is_empty() {
            self.say(&text!("cli-status-never"));
        }
        for release in releases {
            self.line(&self.release_line(release));
            if let Some(problem) = &release.problem {
                self.problem_lines(problem);
            }
        }
    }

    /// A release that had been left unfinished, and what became of it.
    pub(crate) fn recovered(&self, release: &Release) {
        self.done_bringing();
        let outcome = self.words(&outcome(release));
        self.say(&text!("cli-recovered", release = release.id.to_string(), outcome = outcome));
        self.object(&serde_json::json!({ "recovered": super::json::release(release) }));
    }

    /// What a release ended with, below its line.
    pub(super) fn problem_lines(&self, problem: &Problem) {
        self.line(&format!("      {}", self.catalogue.problem(problem).message.replace('\n', "\n      ")));
    }

    pub(super) fn release_line(&self, release: &Release) -> String {
        let doing = match &release.plan.goal {
            Goal::Rollback { to, .. } => format!("{} → {to}", release.doing),
            Goal::Deploy { commit: Some(commit), .. } => {
                format!("{} {}", release.doing, &commit[..commit.len().min(10)])
            }
            Goal::Deploy { .. } => release.doing.clone(),
            Goal::Restart { services, .. } => format!("{} {}", release.doing, services.join(", ")),
        };
        let phase = release.plan.goal.phase().map(|phase| format!(" {}/{} {}", phase.number, phase.of, phase.name));
        let doing = doing + &phase.unwrap_or_default();
        let began = release.began_at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let took = release.seconds().map(|s| self.words(&seconds(s))).unwrap_or_default();
        let who = if release.who.is_empty() { String::new() } else { format!("{}@{}", release.who, release.origin) };
        let line = format!("{:>4}  {began}  {}  {doing}  {took}  {who}", release.id, self.words(&outcome(release)));
        line.trim_end().to_owned()
    }

    /// Log lines; with the service before each where there are several.
    pub(crate) fn logs(&self, services: Vec<ServiceLog>) {
        self.done_bringing();
        let several = services.len() > 1;
        for ServiceLog { service, lines, unreadable } in services {
            let lines = lines.into_iter().map(|line| Said::Line { service: service.clone(), line });
            let silent = unreadable.map(|problem| Said::Silent { service: service.clone(), problem });
            if !lines.chain(silent).all(|said| self.log_said(&said, several)) {
                return;
            }
        }
    }
}

impl Screen {
    /// What a log that is followed says; `false`: nobody listens any more.
    pub(crate) fn log_said(&self, said: &Said, several: bool) -> bool {
        let line = match (said, self.json) {
            (Said::Line { service, line }, true) => json!({ "service": service, "line": line }).to_string(),
            (Said::Replaced { service, instance }, true) => {
                json!({ "service": service, "instance": instance }).to_string()
            }
            (Said::Silent { service, problem }, true) => json!({ "service": service, "problem": problem }).to_string(),
            (Said::Silent { service, problem }, false) => {
                let said = self.catalogue.problem(problem);
                format!("— {service}: {} {}", said.message, said.remedy)
            }
            (Said::Line { service, line }, false) if several => format!("{service} | {line}"),
            (Said::Line { line, .. }, false) => line.clone(),
            (Said::Replaced { service, instance }, false) => {
                let id = &instance.id[..instance.id.floor_char_boundary(12)];
                let words =
                    self.words(&text!("cli-logs-replaced", service = service, instance = &instance.name, id = id));
                format!("— {words}")
            }
        };
        writeln!(std::io::stdout(), "{line}").is_ok()
    }
}

fn outcome(release: &Release) -> Text {
    match release.outcome {
        Some(Outcome::Done) => text!("cli-outcome-done"),
        Some(Outcome::Found) => text!("cli-outcome-found"),
        Some(Outcome::Undone) => text!("cli-outcome-undone"),
        Some(Outcome::Stuck) => text!("cli-outcome-stuck"),
        None => text!("cli-outcome-unknown"),
    }
}

fn health(health: &Health) -> Text {
    match health {
        Health::Healthy => text!("cli-health-healthy"),
        Health::Starting => text!("cli-health-starting"),
        Health::Unhealthy(_) => text!("cli-health-unhealthy"),
        Health::Exited(code) => text!("cli-health-exited", code = code.to_string()),
        Health::Gone => text!("cli-health-gone"),
    }
}

/// An image's id as Docker shortens it.
fn short(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    &id[..id.floor_char_boundary(12)]
}
