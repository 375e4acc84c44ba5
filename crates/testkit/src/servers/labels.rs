use std::collections::BTreeSet;

use anyhow::Result;

use crate::tool::Tool;

/// Containers and volumes of a server carry it; the value is the server's name.
pub(super) const SERVER: &str = "stapel.testkit.server";
/// The process that a server ends with, as [`owner`] writes it.
pub(super) const OWNER: &str = "stapel.testkit.owner";
/// The address of a server.
pub(super) const ADDRESS: &str = "stapel.testkit.address";
/// The flavour of a server.
pub(super) const FLAVOUR: &str = "stapel.testkit.flavour";
/// Template volumes carry it; the value is the flavour.
pub(super) const TEMPLATE: &str = "stapel.testkit.template";

/// The value of a label [`OWNER`] for a server that is to outlive its process.
pub(super) const KEPT: &str = "kept";

/// All values of a label at the containers that there are, running or not.
pub(super) fn values(label: &str) -> Result<BTreeSet<String>> {
    let filter = format!("label={label}");
    let format = format!("{{{{.Label \"{label}\"}}}}");
    let out = Tool::docker(["ps", "--all", "--filter", &filter, "--format", &format]).run()?;
    Ok(out.lines().map(str::to_owned).collect())
}

/// A label of a container; empty where it has none.
pub(super) fn value(container: &str, label: &str) -> Result<String> {
    let format = format!("{{{{index .Config.Labels \"{label}\"}}}}");
    Tool::docker(["container", "inspect", "--format", &format, container]).run()
}

/// This process as the owner of servers: number and start time, since numbers are given out again.
pub(super) fn owner() -> String {
    let pid = std::process::id();
    format!("{pid}:{}", start_time(pid).unwrap_or_default())
}

/// Whether the process of a label [`OWNER`] still runs.
pub(super) fn owner_lives(owner: &str) -> bool {
    let Some((pid, started)) = owner.split_once(':') else { return false };
    pid.parse().ok().and_then(start_time).is_some_and(|now| now == started)
}

/// Field 22 of `/proc/PID/stat`: clock ticks from boot to its start.
fn start_time(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_another_with_its_number_does_not() {
        assert!(owner_lives(&owner()));
        assert!(!owner_lives(&format!("{}:1", std::process::id())));
        assert!(!owner_lives(KEPT));
    }
}
