use anyhow::{Result, bail, ensure};
use serde::Serialize;
use testkit::Flavour;
use testkit::matrix::{Cell, Fault, Matrix, Story, Verdict, sample};

use crate::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Only so many of the cells, chosen by the seed
    #[arg(long)]
    sample: Option<usize>,
    /// What chooses them
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this cell, such as deploy/trixie/kill/17; may be given several times
    #[arg(long)]
    cell: Vec<Cell>,
    /// Only on this flavour: bookworm, trixie or systemd
    #[arg(long)]
    flavour: Option<Flavour>,
    /// Only this story: first, deploy, comes-back or rollback
    #[arg(long)]
    story: Option<Story>,
    /// Only this fault: kill, kill-all, ssh, dockerd, reboot, database or disk; none runs each story without any
    #[arg(long)]
    fault: Option<Fault>,
    /// With the binary of the debug profile, which is built sooner
    #[arg(long)]
    debug: bool,
}

/// Runs cells of the crash matrix, and fails if one of them did not hold.
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(testkit::ready()?, "this machine cannot have test servers");
    let (profile, flags) = if args.debug { ("debug", &[][..]) } else { ("release", &["--release"][..]) };
    cargo::run(cargo::cargo().args(["build", "--package", "stapel"]).args(flags))?;
    let target = cargo::target();
    let mut run = Run {
        args,
        matrix: Matrix::new(target.join(profile).join("stapel"), target.join("matrix")),
        cells: 0,
        failed: Vec::new(),
    };
    if args.cell.is_empty() {
        run.all()?;
    } else {
        args.cell.iter().try_for_each(|cell| run.one(cell))?;
    }
    run.sum()
}

/// The last line.
#[derive(Serialize)]
struct Sum<'a> {
    matrix: &'static str,
    cells: usize,
    ok: usize,
    failed: &'a [String],
}

struct Run<'a> {
    args: &'a Args,
    matrix: Matrix,
    cells: usize,
    failed: Vec<String>,
}

impl Run<'_> {
    /// Every cell that was asked for, or a sample of them. How many boundaries a story has is found by running it.
    fn all(&mut self) -> Result<()> {
        let faults: Vec<Fault> = self.args.fault.map_or_else(|| Fault::ALL.to_vec(), |only| vec![only]);
        let mut cells = Vec::new();
        for flavour in Flavour::ALL.into_iter().filter(|f| self.args.flavour.is_none_or(|only| only == *f)) {
            for story in Story::ALL.into_iter().filter(|s| self.args.story.is_none_or(|only| only == *s)) {
                let (verdict, all) = self.matrix.cells(story, flavour, &faults);
                self.tell(verdict)?;
                cells.extend(all.into_iter().filter(|cell| cell.fault != Fault::None));
            }
        }
        let count = self.args.sample.unwrap_or(cells.len());
        sample(cells, count, self.args.seed).iter().try_for_each(|cell| self.one(cell))
    }

    fn one(&mut self, cell: &Cell) -> Result<()> {
        let verdict = self.matrix.run(cell);
        self.tell(verdict)
    }

    fn tell(&mut self, verdict: Verdict) -> Result<()> {
        self.cells += 1;
        if self.args.json {
            println!("{}", serde_json::to_string(&verdict)?);
        } else {
            println!(
                "{:<32} {:<6} {:<7} down {:>5.1} s  lost {:>4} + {:<4} {:>6.1} s  {}",
                verdict.cell,
                if verdict.ok { "ok" } else { "FAILED" },
                verdict.outcome.as_deref().unwrap_or("-"),
                verdict.down_s,
                verdict.lost_then,
                verdict.lost_else,
                verdict.seconds,
                verdict.why.as_deref().unwrap_or_default()
            );
        }
        if !verdict.ok {
            self.failed.push(verdict.cell);
        }
        Ok(())
    }

    fn sum(self) -> Result<()> {
        let ok = self.cells - self.failed.len();
        if self.args.json {
            let sum = Sum { matrix: "sum", cells: self.cells, ok, failed: &self.failed };
            println!("{}", serde_json::to_string(&sum)?);
        } else {
            println!("{ok} of {} cells held", self.cells);
        }
        if self.failed.is_empty() {
            return Ok(());
        }
        bail!("repeat with: cargo xtask matrix --cell {}", self.failed.join(" --cell "))
    }
}
