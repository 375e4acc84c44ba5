use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use crate::Site;

/// The fact that holds the commit that was checked out before.
const FORMER: &str = "checkout.former";

/// The fact that holds when git was first asked to change anything.
const BEGAN: &str = "checkout.began";

/// How much older a file may seem that was made right then: file systems take their time from a clock that ticks.
const CLOCK: SignedDuration = SignedDuration::from_millis(100);

/// Says to the host's git checkout that the commit is checked out whose files were just put there. Where that is not what
/// the remote's branch is at, because a release went back, the next `git pull` brings the newer one again.
pub(super) struct Checkout {
    pub(super) site: Arc<Site>,
    pub(super) commit: String,
}

#[async_trait]
impl Step for Checkout {
    fn does(&self) -> Text {
        text!("agent-checkout-does", commit = short(&self.commit))
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("agent-checkout-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let checkout = self.site.checkout().await?;
        cx.set_fact_once(BEGAN, &Timestamp::now())?;
        cx.set_fact_once(FORMER, &checkout.head().await?)?;
        checkout.point(&self.commit).await?;
        cx.say(text!("agent-checkout-done", commit = short(&self.commit)));
        Ok(())
    }

    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        // Before the first commit there is nothing to point to; the files are gone then, too.
        let Some(Some(former)) = cx.fact::<Option<String>>(FORMER)? else { return Ok(()) };
        let mut checkout = self.site.checkout().await?;
        // A git of ours may have been killed in the midst of it, by whoever ended what the dead had set going.
        if let Some(began) = cx.fact::<Timestamp>(BEGAN)? {
            let since = (began - CLOCK).into();
            checkout = crate::blocking(move || checkout.break_locks(since).map(|()| checkout)).await?;
        }
        checkout.point(&former).await
    }
}

/// A commit's name as people write it.
fn short(commit: &str) -> &str {
    &commit[..commit.floor_char_boundary(10)]
}
