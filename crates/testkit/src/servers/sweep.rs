use anyhow::Result;

use super::labels;
use crate::place::place;
use crate::tool::Tool;

/// Removes the servers of processes that are gone, with their volumes and keys. Those kept on purpose stay.
///
/// # Errors
/// When Docker cannot be asked.
pub fn sweep() -> Result<()> {
    remove(|owner| owner != labels::KEPT && !labels::owner_lives(owner))
}

/// Removes all servers, those in use and those kept too; templates and images stay.
///
/// # Errors
/// When Docker cannot be asked.
pub fn sweep_all() -> Result<()> {
    remove(|_| true)
}

fn remove(is_leftover: impl Fn(&str) -> bool) -> Result<()> {
    let filter = format!("label={}", labels::SERVER);
    let format = format!("{{{{.Label \"{}\"}}}} {{{{.Name}}}}", labels::OWNER);
    let containers =
        Tool::docker(["ps", "--all", "--filter", &filter, "--format", &format.replace(".Name", ".Names")]).run()?;
    let volumes = Tool::docker(["volume", "ls", "--filter", &filter, "--format", &format]).run()?;
    let leftovers = |list: &str| -> Vec<String> {
        let pairs = list.lines().filter_map(|line| line.split_once(' '));
        pairs.filter(|(owner, _)| is_leftover(owner)).map(|(_, name)| name.to_owned()).collect()
    };
    // The reaper of a process that just ended may be at the same ones: what is gone already is well.
    for container in leftovers(&containers) {
        let _ = Tool::docker(["unpause", &container]).finish()?;
        let _ = Tool::docker(["rm", "--force", "--volumes", &container]).finish()?;
        let _ = std::fs::remove_dir_all(place()?.join(&container));
    }
    for volume in leftovers(&volumes) {
        let _ = Tool::docker(["volume", "rm", "--force", &volume]).finish()?;
    }
    Ok(())
}
