//! All that is known of a release, and of the one who holds the lock.

use jiff::Timestamp;
use stapel_agent::protocol::{Details, Holder, PhaseState};
use stapel_release::Outcome;
use stapel_text::{seconds, text};

use super::{Screen, View};

const TIME: &str = "%Y-%m-%d %H:%M:%S UTC";

impl Screen {
    /// A release with its steps, what it changed and what it said.
    pub(crate) fn details(&self, details: &Details) {
        self.done_bringing();
        if self.json {
            self.object(&super::json::details(details));
            return;
        }
        let release = &details.release;
        let who = if release.who.is_empty() { "-".to_owned() } else { format!("{}@{}", release.who, release.origin) };
        self.say(&text!(
            "cli-show-head",
            release = release.id.to_string(),
            doing = &release.doing,
            target = &release.target,
            who = who,
            began = release.began_at.strftime(TIME).to_string()
        ));
        if let Some(commit) = release.plan.goal.commit() {
            self.line(&format!("  {}", self.words(&text!("cli-show-commit", commit = commit))));
        }
        self.line(&format!("  {}", self.words(&text!("cli-show-with", stapel = &release.stapel))));
        for state in &details.phases {
            self.line(&format!("  {}", self.phase_line(state, release.id)));
        }
        let mut view = View::new(self, release.id, &release.plan, false);
        details.events.iter().for_each(|recorded| view.event(recorded));
        if !details.files.is_empty() {
            self.line(&format!("  {}", self.words(&text!("cli-show-files", count = details.files.len()))));
            self.files(&details.files, details.files.len());
        }
        self.line(&format!("  {}", self.release_line(release)));
        if let Some(problem) = &release.problem {
            self.problem_lines(problem);
        }
    }

    /// A phase of the deploy: whether it is through, which release it was, how long it took.
    fn phase_line(&self, state: &PhaseState, shown: u64) -> String {
        let sign = match state.outcome {
            Some(Outcome::Done | Outcome::Found) => "✓",
            Some(Outcome::Undone) => "↩",
            Some(Outcome::Stuck) => "‼",
            None if state.release.is_some() => "…",
            None => "–",
        };
        let here = if state.release == Some(shown) { "←" } else { "" };
        let release = state.release.map_or_else(String::new, |id| format!("#{id}"));
        let took = match (state.began_at, state.ended_at) {
            (Some(began), Some(ended)) => self.words(&seconds(ended.duration_since(began).as_secs_f64())),
            _ => String::new(),
        };
        let (number, of, name) = (state.phase.number, state.phase.of, &state.phase.name);
        format!("{sign} {number}/{of} {name}  {release}  {took} {here}").trim_end().to_owned()
    }

    /// Who holds the lock, with what is to be seen of it.
    pub(crate) fn holder(&self, holder: Option<&Holder>) {
        self.done_bringing();
        if self.json {
            self.object(&serde_json::json!({ "holder": holder }));
            return;
        }
        let Some(holder) = holder else { return self.say(&text!("cli-nobody-holds")) };
        let owner = &holder.owner;
        self.say(&text!(
            "cli-holder",
            who = &owner.who,
            since = owner.since.strftime(TIME).to_string(),
            doing = &owner.doing,
            pid = owner.process.pid.to_string()
        ));
        self.say(&match &holder.process {
            Some(process) => text!("cli-holder-process", process = process),
            None => text!("cli-holder-no-process"),
        });
        if let Some((release, step, last)) = &holder.at {
            let step = step.as_ref().map_or_else(|| "-".to_owned(), |step| self.words(step));
            // The host's clock may be ahead of ours.
            let ago = Timestamp::now().duration_since(*last).as_secs_f64().max(0.0);
            self.say(&text!("cli-holder-at", release = release.to_string(), step = step, ago = seconds(ago)));
        }
    }
}
