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
            if events.iter().any(|event| came_across(event, number, of)) {
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

fn came_across(recorded: &Recorded, number: usize, moment: Moment) -> bool {
    matches!(&recorded.event, Event::Notice { notify, of, problem: None, .. } if *notify == number && *of == moment)
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
