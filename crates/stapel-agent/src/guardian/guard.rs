use camino::Utf8Path;
use stapel_host::ProcessId;
use stapel_text::Problem;

/// Waits for the end of the process that runs a release, and ends well what it has left. The whole life of a process.
pub(crate) async fn guard(root: &Utf8Path, runner: &ProcessId) -> Result<(), Problem> {
    stapel_host::leave_session();
    wait(runner).await?;
    crate::recover::recover(root, true).await
}

/// Waits until a process has ended.
pub(crate) async fn wait(process: &ProcessId) -> Result<(), Problem> {
    let process = process.clone();
    crate::blocking(move || {
        process.wait();
        Ok(())
    })
    .await
}
