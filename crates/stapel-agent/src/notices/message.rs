use stapel_core::config::{Config, Moment};
use stapel_core::plan::{Goal, PhaseGoal};
use stapel_release::{Outcome, Release};
use stapel_text::{Catalogue, Lang, Problem, Text, seconds, text};

/// How much of what went wrong is told, in bytes: a command may have said a lot.
const WHY: usize = 1500;
/// How much of a commit's name is told.
const COMMIT: usize = 10;

/// What a notice is about.
pub(super) struct About<'a> {
    pub(super) config: &'a Config,
    pub(super) release: &'a Release,
    /// The first line of its commit's message.
    pub(super) subject: Option<&'a str>,
    pub(super) of: Moment,
    /// Why it turned back, where it is about that.
    pub(super) why: Option<&'a Problem>,
}

impl About<'_> {
    /// The notice in words: what happened, what of and by whom, why, what to do.
    pub(super) fn words(&self, lang: Lang) -> String {
        let catalogue = Catalogue::new(lang);
        let say = |text: Text| catalogue.text(&text);
        let mut lines = vec![say(self.head()), say(self.doing())];
        if let Some(PhaseGoal { number, of, name, .. }) = self.release.plan.goal.phase() {
            lines.push(say(text!("agent-notice-phase", number = *number, of = *of, name = name)));
        }
        if let Some(commit) = self.release.plan.goal.commit() {
            let commit = &commit[..commit.floor_char_boundary(COMMIT)];
            lines.push(say(text!("agent-notice-commit", commit = commit, subject = self.subject.unwrap_or_default())));
        }
        if let Some(why) = self.why.or(self.release.problem.as_ref()) {
            let rendered = catalogue.problem(why);
            lines.push(rendered.message[..rendered.message.floor_char_boundary(WHY)].to_owned());
            if self.of == Moment::Stuck {
                let release = self.release.id.to_string();
                lines.push(say(text!("agent-notice-remedy", remedy = rendered.remedy, release = release)));
            }
        }
        if let Some(call) = self.config.call.as_ref().filter(|_| self.of == Moment::Stuck) {
            lines.push(say(text!("agent-notice-call", call = call)));
        }
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    fn head(&self) -> Text {
        let (app, target, release) = (&self.config.app, &self.release.target, self.release.id.to_string());
        let time = seconds(self.release.seconds().unwrap_or_default());
        match (self.of, self.release.outcome) {
            (Moment::Start, _) => text!("agent-notice-start", app = app, target = target, release = release),
            (Moment::Back, _) => text!("agent-notice-back", app = app, target = target, release = release),
            (Moment::Stuck, _) => {
                text!("agent-notice-stuck", app = app, target = target, release = release, time = time)
            }
            (Moment::End, Some(Outcome::Undone)) => {
                text!("agent-notice-undone", app = app, target = target, release = release, time = time)
            }
            (Moment::End, _) => {
                text!("agent-notice-done", app = app, target = target, release = release, time = time)
            }
        }
    }

    fn doing(&self) -> Text {
        let who = format!("{}@{}", self.release.who, self.release.origin);
        match &self.release.plan.goal {
            Goal::Deploy { .. } => text!("agent-notice-deploy", who = who),
            Goal::Rollback { to, .. } => text!("agent-notice-rollback", who = who, to = to.to_string()),
            Goal::Restart { services, .. } => text!("agent-notice-restart", who = who, services = services.join(", ")),
        }
    }
}

/// A notice that is about nothing.
pub(super) fn test(app: &str, target: &str, who: &str, lang: Lang) -> String {
    Catalogue::new(lang).text(&text!("agent-notice-test", app = app, target = target, who = who))
}
