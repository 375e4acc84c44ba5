//! The guardian: while a release runs, somebody waits who ends it well should its process or the machine die. A process
//! of its own waits for the end of the one that runs the release; what brings recovery back after a boot is systemd
//! where there is systemd, cron where there is cron, and otherwise whatever starts things on that host.

mod after_boot;
mod guard;

use camino::Utf8Path;
use stapel_host::{Detached, ProcessId};
use stapel_text::{Problem, problem};

use crate::place::Place;
pub(crate) use after_boot::AfterBoot;
pub(crate) use guard::guard;

/// Arms the guardian for a release that `runner` is about to run.
///
/// # Errors
/// `agent-guardian` when it cannot be armed; then nothing has been begun yet.
pub(crate) async fn arm(place: &Place, after_boot: AfterBoot, runner: &ProcessId) -> Result<(), Problem> {
    let failed = |why: std::io::Error| problem!(Refused, "agent-guardian", error = why);
    let program = crate::own_program()?;
    after_boot.arm(place.key(), &program, place.root()).await?;
    let log = std::fs::File::create(place.logs().join("guardian.log")).map_err(failed)?;
    let runner = serde_json::to_string(runner).map_err(|e| failed(e.into()))?;
    Detached::new(program, ["agent", "guard", place.root().as_str(), &runner]).start(log).map_err(failed)?;
    Ok(())
}

/// Disarms it: no release runs here. Nothing there is fine.
pub(crate) async fn disarm(root: &Utf8Path) {
    // Recovery that finds nothing to recover does no harm, so a line that stays is not worth failing for.
    let key = root.file_name().unwrap_or_default();
    for after_boot in [AfterBoot::Systemd, AfterBoot::Cron] {
        if let Err(problem) = after_boot.disarm(key).await {
            tracing::warn!(%problem, "the guardian could not be disarmed");
        }
    }
}
