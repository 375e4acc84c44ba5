use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use stapel_core::config::Check;
use stapel_release::{Event, Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, seconds, text};

use crate::Site;
use crate::questions::{Answer, answer_fact, until_fact};

/// How often it looks whether somebody has answered.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A person is asked what no request can see. A "no" sends the release back; where nobody answers it stands, for all else
/// that was to be looked at has been, and the record says that nobody did.
pub(super) struct Ask {
    pub(super) site: Arc<Site>,
    pub(super) check: Check,
}

impl Ask {
    fn question(&self) -> &str {
        self.check.asks().unwrap_or_default()
    }
}

#[async_trait]
impl Step for Ask {
    fn does(&self) -> Text {
        let limit = seconds(self.check.timeout.as_secs_f64());
        text!("agent-ask-does", question = self.question(), limit = limit)
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let (until_fact, answer_fact) = (until_fact(&self.check.name), answer_fact(&self.check.name));
        // One whose process died asks no longer for that.
        cx.set_fact_once(&until_fact, &(Timestamp::now() + self.check.timeout))?;
        let until = cx.fact::<Timestamp>(&until_fact)?.unwrap_or_else(Timestamp::now);
        cx.tell(|index| Event::Question {
            index,
            check: self.check.name.clone(),
            question: self.question().to_owned(),
            until,
        });
        let left = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
        let awaited = text!("agent-await-answer");
        let journal = &self.site.journal;
        let answered = stapel_host::until(awaited, LOOK_EVERY, left, || {
            let answer = journal.fact::<Answer>(cx.release(), &answer_fact);
            async move { answer }
        });
        match answered.await {
            Ok(Answer { yes: true, who }) => cx.say(text!("agent-ask-yes", who = who)),
            Ok(Answer { yes: false, who }) => {
                return Err(problem!(Failed, "agent-ask-no", check = &self.check.name, who = who));
            }
            Err(late) if late.code() == "timed-out" => cx.say(text!("agent-ask-silence")),
            Err(problem) => return Err(problem),
        }
        Ok(())
    }
}
