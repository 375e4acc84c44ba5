use camino::Utf8Path;
use stapel_host::ProcessId;
use stapel_release::Journal;
use stapel_text::Problem;

use super::disarm;
use crate::place::journal_of;

/// Waits for the end of the process that runs a release, and ends well what it has left. The whole life of a process.
pub(crate) async fn guard(root: &Utf8Path, runner: &ProcessId) -> Result<(), Problem> {
    stapel_host::leave_session();
    let runner = runner.clone();
    crate::blocking(move || {
        runner.wait();
        Ok(())
    })
    .await?;
    if Journal::open(&journal_of(root))?.unfinished()?.iter().any(stapel_release::Release::dead) {
        return crate::recover::recover(root).await;
    }
    // A release that has ended disarms by itself; one that died before it began does not.
    if !crate::recover::is_held(root)? {
        disarm(root).await;
    }
    Ok(())
}
