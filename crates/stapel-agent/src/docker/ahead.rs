use std::time::Duration;

use stapel_engine::{Compose, Project};
use stapel_host::Finished;
use stapel_text::Problem;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// For how long an answer is good: a session may stay open for minutes before it asks, and somebody else may have changed
/// the files by then.
const GOOD: Duration = Duration::from_secs(5);

/// What compose makes of the app's files, asked while it is still being found out which engine and which compose there are.
pub(crate) struct Ahead {
    project: Project,
    began: Instant,
    answer: JoinHandle<Result<Finished, Problem>>,
}

impl Ahead {
    pub(crate) fn ask(project: Project) -> Self {
        let asked = project.clone();
        let answer = tokio::spawn(async move { asked.config_ahead().await });
        Self { project, began: Instant::now(), answer }
    }

    /// The answer, where it is one of this compose about this project, and fresh.
    pub(super) async fn answer(self, compose: &Compose, project: &Project) -> Option<Finished> {
        if !compose.is_plugin() || self.project != *project || self.began.elapsed() > GOOD {
            return None;
        }
        self.answer.await.ok()?.ok()
    }
}
