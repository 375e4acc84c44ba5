//! Telling people of a release, from the host, by whoever runs it: also by the guardian. Nothing waits for it and nothing
//! fails by it; what became of each notice is an event in the journal.

mod message;
mod send;

use std::sync::{Arc, LazyLock};

use stapel_core::config::{Moment, Notify};
use stapel_release::{Event, Outcome, Recorded};
use stapel_text::{Lang, Problem};
use tokio_util::task::TaskTracker;

use crate::Site;
use crate::protocol::Told;

/// The fact that holds the first line of the message of the commit that a release puts in service.
pub(crate) const SUBJECT: &str = "commit.subject";

/// The notices of one release.
pub(crate) struct Notices<'a> {
    pub(crate) site: &'a Arc<Site>,
    pub(crate) release: u64,
}

fn on_their_way() -> &'static TaskTracker {
    static TRACKER: LazyLock<TaskTracker> = LazyLock::new(|| {
        let tracker = TaskTracker::new();
        tracker.close();
        tracker
    });
    &TRACKER
}

/// Waits until every notice of this process has been delivered or given up, which has its bound. For the very end: nobody is
/// to wait for the lock meanwhile.
pub(crate) async fn delivered() {
    on_their_way().wait().await;
}

impl Notices<'_> {
    /// Tells that the release has ended like this.
    pub(crate) fn ended(&self, outcome: Outcome) {
        self.tell(if outcome == Outcome::Stuck { Moment::Stuck } else { Moment::End }, None);
    }

    /// Sends the notices of a moment on their way. One that came across before is not sent again: whoever takes a release up
    /// goes through moments that were told already.
    pub(crate) fn tell(&self, of: Moment, why: Option<&Problem>) {
        let config = &self.site.config;
        let all: Vec<_> = config.notify.iter().enumerate().filter(|(_, notify)| notify.on.contains(&of)).collect();
        if all.is_empty() {
            return;
        }
        let known = self.site.journal.known(self.release).and_then(|r| Ok((r, self.site.journal.told(self.release)?)));
        let (release, events) = match known {
            Ok(known) => known,
            Err(problem) => return tracing::warn!(%problem, "nobody could be told"),
        };
        let subject = self.site.journal.fact::<String>(self.release, SUBJECT).ok().flatten();
        let about = message::About { config, release: &release, subject: subject.as_deref(), of, why };
        for (index, notify) in all {
            let number = index + 1;
            if !self.may_send(&events, number, of) {
                continue;
            }
            let words = about.words(notify.lang.unwrap_or(Lang::En));
            let (site, release) = (Arc::clone(self.site), self.release);
            let notify = notify.clone();
            on_their_way().spawn(async move {
                let problem = send::send(&notify.channel, &site.secrets, &words).await.err();
                let kind = notify.channel.kind().to_owned();
                site.journal.tell(release, &Event::Notice { notify: number, kind, of, problem });
            });
        }
    }
}

impl Notices<'_> {
    /// Whether a notice has certainly not come across yet. That it is sent is on disk before it is: one of which nobody knows what
    /// became of it, because its process died or its answer was late, may have arrived.
    fn may_send(&self, events: &[Recorded], number: usize, moment: Moment) -> bool {
        let became = events.iter().filter_map(|recorded| match &recorded.event {
            Event::Notice { notify, of, problem, .. } if *notify == number && *of == moment => Some(problem.as_ref()),
            _ => None,
        });
        let (mut known, mut arrived) = (0_usize, false);
        for problem in became {
            known += 1;
            arrived |= problem.is_none_or(send::is_late);
        }
        let (journal, fact) = (&self.site.journal, format!("notice.{number}.{moment:?}"));
        let begun = journal.fact::<usize>(self.release, &fact).ok().flatten().unwrap_or(0);
        if arrived || begun > known {
            return false;
        }
        if let Err(problem) = journal.set_fact(self.release, &fact, &(known + 1)) {
            // On a full disk, say, people are to be told above all.
            tracing::warn!(%problem, "that a notice is sent could not be written down");
        }
        true
    }
}

/// Sends a word to each of them, to see whether it arrives.
pub(crate) async fn test(site: &Site, who: &str) -> Vec<Told> {
    let one = async |(index, notify): (usize, &Notify)| {
        let words = message::test(&site.config.app, &site.target_name, who, notify.lang.unwrap_or(Lang::En));
        let problem = send::send(&notify.channel, &site.secrets, &words).await.err();
        Told { notify: index + 1, kind: notify.channel.kind().to_owned(), problem }
    };
    futures_util::future::join_all(site.config.notify.iter().enumerate().map(one)).await
}

#[cfg(test)]
mod tests {
    use stapel_text::{problem, text};

    use super::*;

    #[tokio::test]
    async fn what_may_have_arrived_is_not_sent_again_by_anybody() {
        let dir = tempfile::tempdir().unwrap();
        let site = Arc::new(crate::testing::site(&dir, "").await);
        let release = crate::testing::release(&site);
        let notices = Notices { site: &site, release };
        let may = |of| notices.may_send(&site.journal.told(release).unwrap(), 1, of);
        let became = |of, problem| {
            site.journal.tell(release, &Event::Notice { notify: 1, kind: "webhook".into(), of, problem });
        };
        // Whoever was about to send it died.
        assert!(may(Moment::Back));
        assert!(!may(Moment::Back));
        assert!(may(Moment::End), "of another moment that says nothing");
        // It is known not to have come across.
        became(Moment::End, Some(problem!(Failed, "agent-notice-refused", status = "503", said = "")));
        assert!(may(Moment::End));
        // Its answer was late.
        let late = text!("probe-timeout", limit = stapel_text::seconds(5.0));
        became(Moment::End, Some(problem!(Failed, "agent-notice-unreached", why = late)));
        assert!(!may(Moment::End));
        assert!(may(Moment::Stuck));
        became(Moment::Stuck, None);
        assert!(!may(Moment::Stuck));
    }
}
