//! What a release asks of a person: what no request can see. The step waits, the answer comes by any session.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_core::plan::StepSpec;
use stapel_release::StepState;
use stapel_text::{Problem, problem};

use crate::Site;
use crate::protocol::Question;

/// What somebody has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) yes: bool,
    pub(crate) who: String,
}

/// The fact that holds until when an answer is waited for.
pub(crate) fn until_fact(check: &str) -> String {
    format!("question.{check}")
}

/// The fact that holds the answer.
pub(crate) fn answer_fact(check: &str) -> String {
    format!("answer.{check}")
}

/// What is asked of a person now, in this release.
pub(crate) fn open(site: &Site, release: u64) -> Result<Option<Question>, Problem> {
    let known = site.journal.known(release)?;
    if known.outcome.is_some() {
        return Ok(None);
    }
    let states = site.journal.steps(release)?;
    for (step, _) in known.plan.steps.iter().zip(states).filter(|(_, state)| *state == StepState::Doing) {
        let StepSpec::Ask { check } = &step.spec else { continue };
        let until: Option<Timestamp> = site.journal.fact(release, &until_fact(check))?;
        let answered = site.journal.fact::<Answer>(release, &answer_fact(check))?.is_some();
        let asks = known.config.checks.iter().filter(|c| c.name == *check).find_map(|c| c.asks());
        if let (Some(until), Some(question), false) = (until, asks, answered) {
            return Ok(Some(Question { check: check.clone(), question: question.to_owned(), until }));
        }
    }
    Ok(None)
}

/// Answers what is asked now, and gives that.
///
/// # Errors
/// `agent-no-question` where nothing is asked, or something else.
pub(crate) fn answer(
    site: &Site,
    release: u64,
    check: Option<&str>,
    yes: bool,
    who: String,
) -> Result<Question, Problem> {
    let asked = open(site, release)?.filter(|question| check.is_none_or(|name| name == question.check));
    let question = asked.ok_or_else(|| problem!(Refused, "agent-no-question", release = release.to_string()))?;
    site.journal.set_fact(release, &answer_fact(&question.check), &Answer { yes, who })?;
    Ok(question)
}
