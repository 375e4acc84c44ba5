//! The crash matrix: at every journal boundary of every story something dies, and afterwards, by recovery alone, the app
//! serves, nothing is lost that the death itself does not explain, and nothing is left over.
//!
//! A *cell* is a story, a flavour of server, a fault and a boundary, and its name says all of that: `deploy/trixie/kill/17`.
//! The release stops itself at the boundary (`STAPEL_FAULT=stop:17`), so that the fault strikes there and nowhere else.

mod blow;
mod cell;
mod disk;
mod evidence;
mod fault;
mod judge;
mod run;
mod sample;
mod story;
mod world;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::anyhow;
use serde::Serialize;

pub use cell::Cell;
pub use fault::Fault;
pub use sample::sample;
pub use story::Story;

use crate::servers::Flavour;
use world::World;

/// Runs cells, each server for as many as leave it well.
#[derive(Debug)]
pub struct Matrix {
    stapel: PathBuf,
    evidence: PathBuf,
    worlds: HashMap<Flavour, World>,
}

/// What became of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// The app of the matrix.
    pub matrix: &'static str,
    /// The cell's name.
    pub cell: String,
    /// Whether all that was promised held.
    pub ok: bool,
    /// How the release ended, if it did.
    pub outcome: Option<String>,
    /// Records in the journal of the release, if they could be counted.
    pub records: Option<u64>,
    /// Seconds in which the app was away because of the fault itself.
    pub down_s: f64,
    /// Requests that were lost in these.
    pub lost_then: u64,
    /// Requests that were lost at any other time: none may be.
    pub lost_else: u64,
    /// All requests.
    pub requests: u64,
    /// From the begin of the release until all was looked at.
    pub seconds: f64,
    /// What did not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The file with what the server looked like, for a cell that did not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<PathBuf>,
}

impl Matrix {
    /// Runs cells with this binary; what the server looked like after one that fails goes to a file in `evidence`.
    #[must_use]
    pub fn new(stapel: impl Into<PathBuf>, evidence: impl Into<PathBuf>) -> Self {
        Self { stapel: stapel.into(), evidence: evidence.into(), worlds: HashMap::new() }
    }

    /// Runs a cell. Whatever goes wrong is in the verdict; the server is not used again then.
    pub fn run(&mut self, cell: &Cell) -> Verdict {
        let mut verdict = Verdict { matrix: "convertik", cell: cell.to_string(), ..Verdict::default() };
        // Taken out: one that is not put back is removed with all it holds.
        let world = match self.worlds.remove(&cell.flavour) {
            Some(world) => Ok(world),
            None => World::start(cell.flavour, &self.stapel),
        };
        let mut world = match world {
            Ok(world) => world,
            Err(why) => return fail(verdict, &why.context("no server")),
        };
        if let Err(why) = world.prepare(cell) {
            return self.failed(&world, verdict, &why.context("before the release"));
        }
        let start = Instant::now();
        let held = run::run(&world, cell, &mut verdict).and_then(|()| match verdict.lost_else {
            0 => Ok(()),
            lost => Err(anyhow!("{lost} requests were lost that nothing explains")),
        });
        verdict.seconds = rounded(start.elapsed().as_secs_f64());
        match held.and_then(|()| world.tidy(cell)) {
            Ok(()) => {
                verdict.ok = true;
                self.worlds.insert(cell.flavour, world);
                verdict
            }
            Err(why) => self.failed(&world, verdict, &why),
        }
    }

    /// All cells of a story and flavour with these faults, found by running the story once without any; and what became of
    /// that run.
    pub fn cells(&mut self, story: Story, flavour: Flavour, faults: &[Fault]) -> (Verdict, Vec<Cell>) {
        let verdict = self.run(&Cell { story, flavour, fault: Fault::None, boundary: 0 });
        let boundaries = 1..=verdict.records.unwrap_or(0);
        let all = faults
            .iter()
            .flat_map(|fault| boundaries.clone().map(|boundary| Cell { story, flavour, fault: *fault, boundary }));
        let all = all.collect();
        (verdict, all)
    }

    fn failed(&self, world: &World, mut verdict: Verdict, why: &anyhow::Error) -> Verdict {
        verdict.evidence = evidence::keep(world, &self.evidence, &verdict.cell).ok();
        fail(verdict, why)
    }
}

fn fail(mut verdict: Verdict, why: &anyhow::Error) -> Verdict {
    verdict.why = Some(format!("{why:#}"));
    verdict
}

/// To hundredths, which is finer than anything here is measured.
fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
