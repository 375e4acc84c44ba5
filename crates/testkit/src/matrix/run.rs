use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::blow::{self, Down};
use super::world::World;
use super::{Cell, Fault, Verdict, disk, judge, rounded};
use crate::convertik;
use crate::operator::Told;
use crate::residue::{self, Inventory};
use crate::servers::{Process, Server};
use crate::wait::{until, until_every, until_true};
use crate::ways::Ways;

/// For a release to come to its boundary.
const BOUNDARY: Duration = Duration::from_mins(4);
/// For a release to have an outcome once the fault is over. Cron or a timer of systemd looks once a minute.
const OUTCOME: Duration = Duration::from_mins(5);
/// For the app to be what the outcome says, and for the operator's command to end.
const SETTLED: Duration = Duration::from_mins(1);
/// Between two looks at the journal, which are sessions of their own.
const EVERY: Duration = Duration::from_secs(2);

/// 13 requests a second: two cores have a release and a recovery to do as well.
const SHARE: f64 = 0.3;

/// Lives through a cell on a server that is prepared for it, and writes what was seen into the verdict.
pub(super) fn run(world: &World, cell: &Cell, verdict: &mut Verdict) -> Result<()> {
    let server = world.server();
    let before = Before {
        inventory: Inventory::take(server)?,
        tree: convertik::tree(server)?,
        newest: world.operator.history(1)?.first().map(|release| release.id),
    };
    let mut down = None;
    let mut ways = Ways::start(server, SHARE)?;
    let lived = release(world, cell, &before, &mut ways, &mut down, verdict);
    let ended = ways.stop();
    if let Some(down) = down {
        verdict.down_s = rounded(down.seconds());
    }
    judge::losses(&ended, down, verdict);
    lived?;
    judge::answers(&ended)?;
    judge::writes(server, &ended)
}

/// What the world was like before the release.
struct Before {
    inventory: Inventory,
    tree: String,
    newest: Option<u64>,
}

fn release(
    world: &World,
    cell: &Cell,
    before: &Before,
    ways: &mut Ways,
    down: &mut Option<Down>,
    verdict: &mut Verdict,
) -> Result<()> {
    let server = world.server();
    let words = world.command(cell.story)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let stop = format!("stop:{}", cell.boundary);
    let fault = (cell.fault != Fault::None).then_some(("STAPEL_FAULT", stop.as_str()));
    let mut command = Running(world.operator.starts(&words, fault, &world.said())?);
    if fault.is_some() {
        let release = command.until_stopped(server)?;
        *down = blow::strike(server, cell.fault, &release, ways)?;
    }
    let told = outcome(world, before)?;
    verdict.outcome.clone_from(&told.outcome);
    if cell.fault == Fault::Disk {
        disk::free(server)?;
    }
    command.until_ended()?;
    if cell.fault == Fault::None {
        verdict.records = world.operator.show(told.id)?["records"].as_u64();
    }
    let outcome = told.outcome.unwrap_or_default();
    let version = cell.story.serves_after(&outcome).with_context(|| format!("the outcome is {outcome}"))?;
    until_true(&format!("version {version} is in service after {outcome}"), SETTLED, || {
        convertik::serves(server, Some(version))
    })
    .with_context(|| format!("what answers is {:?}", convertik::versions(server)))?;
    let revision = convertik::revision(server)?;
    ensure!(
        cell.story.revisions_after(&outcome).contains(&revision.as_str()),
        "{outcome}, and the schema is {revision}"
    );
    if outcome == "undone" {
        ensure!(convertik::tree(server)? == before.tree, "undone, and the app's files are not as before");
    }
    residue::none(server, Some(&before.inventory))
}

/// Waits until the newest release has an outcome. Nothing here recovers anything.
fn outcome(world: &World, before: &Before) -> Result<Told> {
    let mut last = anyhow!("an agent is at it");
    let look = || {
        // Asking costs a session, and while an agent is at it there is nothing to ask.
        let at_it = |process: &Process| ["release", "guard", "recover"].iter().any(|role| process.is_agent(role));
        if world.server().processes()?.iter().any(at_it) {
            last = anyhow!("an agent is at it");
            return Ok(None);
        }
        match world.operator.history(1) {
            Ok(mut newest) => {
                let newest = newest.pop().filter(|release| Some(release.id) > before.newest);
                last = anyhow!("the journal says {newest:?}");
                Ok(newest.filter(|release| release.outcome.is_some()))
            }
            Err(why) => {
                last = why;
                Ok(None)
            }
        }
    };
    let told = until_every(EVERY, "the release has an outcome, by recovery alone", OUTCOME, look);
    told.map_err(|why| last.context(why))
}

/// The operator's command while it runs.
struct Running(Child);

impl Running {
    /// Waits until the release is stopped at its boundary, and gives its process.
    fn until_stopped(&mut self, server: &Server) -> Result<Process> {
        until("the release is stopped at its boundary", BOUNDARY, || {
            let stopped = |process: &Process| process.is_agent("release") && process.is_stopped();
            if let Some(release) = server.processes()?.into_iter().find(stopped) {
                return Ok(Some(release));
            }
            match self.0.try_wait()? {
                Some(status) => bail!("the release never came to its boundary: stapel ended with {status}"),
                None => Ok(None),
            }
        })
    }

    fn until_ended(&mut self) -> Result<()> {
        until("the operator's command ends", SETTLED, || Ok(self.0.try_wait()?)).map(drop)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and a drop has nobody to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
