//! Measurements against the real rival, on the same machine in one run.

mod idle;
mod journal;
mod power_on;
mod rollback;
mod rollout;
mod ship;
mod sick;
mod told;
mod watch;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Requests lost while convertik is released: relay against the runbook's own commands
    Rollout(rollout::Args),
    /// What it costs to keep the record, and how soon a server that died in mid-rollout serves again
    Journal(journal::Args),
    /// What it costs to look: status and a deploy that has nothing to do, against a bare `ssh host true`
    Idle(idle::Args),
    /// Bringing a tree to a server and putting it in place, against rsync
    Ship(ship::Args),
    /// How long the way back takes, from the verdict in the watch and by command
    Rollback(rollback::Args),
    /// What the watch finds of what is wrong with a version, and whether it finds anything where nothing is
    Watch(watch::Args),
}

/// The median of measurements, of which there are some.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Rollout(args) => rollout::run(args),
        Bench::Journal(args) => journal::run(args),
        Bench::Idle(args) => idle::run(args),
        Bench::Ship(args) => ship::run(args),
        Bench::Rollback(args) => rollback::run(args),
        Bench::Watch(args) => watch::run(args),
    }
}
