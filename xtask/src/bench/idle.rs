use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use camino::Utf8Path;
use serde::Serialize;
use serde_json::Value;
use stapel_release::{Begin, Journal};
use testkit::{Convertik, Flavour, Operator, Server};

use super::{journal, median};
use crate::cargo;

/// The tree and the record behind it in the second half.
const FILES: usize = 100_000;
const RELEASES: u32 = 1000;
const PER_DIRECTORY: usize = 100;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Pairs of runs in each case, ours and a bare `ssh host true` one after the other
    #[arg(long, default_value_t = 7)]
    pairs: usize,
    /// Only this case: version, status or noop
    #[arg(long)]
    case: Option<String>,
    /// Leave out the second half, with 100,000 files in the tree and 1,000 releases behind it
    #[arg(long)]
    small: bool,
}

#[derive(Clone, Copy)]
enum Case {
    Version,
    Status,
    Noop,
}

impl Case {
    const ALL: [Self; 3] = [Self::Version, Self::Status, Self::Noop];

    fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Status => "status",
            Self::Noop => "noop",
        }
    }

    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Version => &["--version"],
            Self::Status => &["status"],
            Self::Noop => &["deploy", "--yes"],
        }
    }
}

#[derive(Serialize)]
struct Line {
    bench: &'static str,
    case: &'static str,
    stapel_s: f64,
    ssh_s: f64,
    ratio: f64,
    /// Peak memory of the operator's process.
    rss_mb: f64,
    /// Peak memory of the agent; none for what needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_rss_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    releases: Option<u32>,
}

/// What it costs to look: of a released convertik, against the bare line.
pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(testkit::ready()?, "this machine cannot have test servers");
    cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
    let world = World::new()?;
    let cases = || Case::ALL.into_iter().filter(|c| args.case.as_ref().is_none_or(|wanted| wanted == c.name()));
    for case in cases() {
        world.measure(case, args, None)?;
    }
    if args.small {
        return Ok(());
    }
    world.grow()?;
    cases().try_for_each(|case| world.measure(case, args, Some((FILES, RELEASES))))
}

struct World {
    operator: Operator,
    stapel: PathBuf,
}

impl World {
    fn new() -> Result<Self> {
        let server = Server::start(Flavour::Trixie, "bench-idle")?;
        Convertik::of_this_repository().run_by_hand(&server, "1")?;
        let stapel = cargo::target().join("release/stapel");
        let operator = Operator::new(server, &stapel)?;
        operator.has("2")?;
        let world = Self { operator, stapel };
        world.git(&["init", "--quiet"])?;
        world.commit()?;
        world.operator.run(&["deploy", "--yes"], 0)?;
        Ok(world)
    }

    /// Many files in the tree, and many releases before the one in service.
    fn grow(&self) -> Result<()> {
        for number in 0..FILES {
            let at = self.operator.checkout().join(format!("assets/{:04}", number / PER_DIRECTORY));
            if number % PER_DIRECTORY == 0 {
                std::fs::create_dir_all(&at)?;
            }
            std::fs::write(at.join(format!("{number:06}.txt")), format!("asset {number}\n"))?;
        }
        self.commit()?;
        let status: Value = serde_json::from_str(self.operator.run(&["status", "--json"], 0)?.trim())?;
        let there = format!("{}/journal.db", status["state"].as_str().context("no state")?);
        let dir = tempfile::tempdir()?;
        let here = dir.path().join("journal.db");
        let read = std::fs::File::create(&here)?;
        finish(self.ssh(&format!("cat '{there}'")).stdout(read))?;
        self.releases(Utf8Path::from_path(&here).context("a path that is not UTF-8")?)?;
        finish(self.ssh(&format!("cat > '{there}'")).stdin(std::fs::File::open(&here)?))?;
        // So that the one in service is a real one again.
        self.operator.run(&["deploy", "--yes"], 0).map(drop)
    }

    /// Writes releases into a journal that say as much as usual ones, of the tree that is in service.
    fn releases(&self, path: &Utf8Path) -> Result<()> {
        let journal = Journal::open(path)?;
        let last = journal.in_service()?.context("nothing is in service")?;
        let begin = Begin {
            doing: last.doing,
            who: last.who,
            origin: last.origin,
            target: last.target,
            config: last.config,
            plan: last.plan,
            found: false,
            runner: None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(journal::fill(&journal, &begin, RELEASES)).map(drop)
    }

    fn measure(&self, case: Case, args: &Args, grown: Option<(usize, u32)>) -> Result<()> {
        // Once beforehand, for what is read from the disk the first time; and the memory apart from the times.
        let (rss_mb, agent_rss_mb) = self.peaks(case)?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..args.pairs {
            ours.push(timed(&mut self.command(case))?);
            bare.push(timed(&mut self.ssh("true"))?);
        }
        let (stapel_s, ssh_s) = (median(ours), median(bare));
        let (files, releases) = (grown.map(|g| g.0), grown.map(|g| g.1));
        let ratio = stapel_s / ssh_s;
        let line = Line {
            bench: "idle",
            case: case.name(),
            stapel_s,
            ssh_s,
            ratio,
            rss_mb,
            agent_rss_mb: agent_rss_mb.filter(|_| !matches!(case, Case::Version)),
            files,
            releases,
        };
        if args.json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            let of = files.map_or(String::new(), |files| format!(" of {files} files"));
            let agent = line.agent_rss_mb.map_or(String::new(), |mb| format!(", {mb:.0} MB there"));
            let times = format!("{:.0} ms, ssh {:.0} ms, ratio {ratio:.2}", stapel_s * 1e3, ssh_s * 1e3);
            println!("{:>7}{of}: {times}; {rss_mb:.0} MB here{agent}", case.name());
        }
        Ok(())
    }

    /// The peak memory of the operator's process and of the agent, in MB.
    fn peaks(&self, case: Case) -> Result<(f64, Option<f64>)> {
        let namespace = std::fs::read_link(format!("/proc/{}/ns/pid", self.operator.server().pid()?))?;
        let mut ours = self.command(case).stdout(Stdio::null()).spawn()?;
        let ended = AtomicBool::new(false);
        let (here, there) = std::thread::scope(|scope| {
            let agent = scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    if let Some(pid) = agent_in(&namespace) {
                        return peak(|| Ok(high_water(pid))).ok();
                    }
                    std::thread::yield_now();
                }
                None
            });
            let here = peak(|| alive(&mut ours));
            ended.store(true, Ordering::Relaxed);
            (here, agent.join().unwrap_or_default())
        });
        let status = ours.wait()?;
        ensure!(status.success(), "{}: {status}", case.name());
        Ok((here?, there))
    }

    fn command(&self, case: Case) -> Command {
        let mut command = Command::new(&self.stapel);
        command.args(case.args()).current_dir(self.operator.checkout());
        command.env("STAPEL_SSH_CONFIG", self.operator.server().ssh_config()).stdin(Stdio::null());
        command
    }

    fn ssh(&self, command: &str) -> Command {
        let server = self.operator.server();
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(server.ssh_config()).args(["-T", server.name(), command]).stdin(Stdio::null());
        ssh
    }

    /// What an operator ships comes from a repository.
    fn commit(&self) -> Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", "as it is"])
    }

    fn git(&self, args: &[&str]) -> Result<()> {
        let who = ["-c", "user.name=bench", "-c", "user.email=bench@convertik.example"];
        finish(Command::new("git").args(who).args(args).current_dir(self.operator.checkout()))
    }
}

fn finish(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn timed(command: &mut Command) -> Result<f64> {
    let begun = Instant::now();
    let out = command.output()?;
    let took = begun.elapsed().as_secs_f64();
    ensure!(out.status.success(), "{command:?}: {}{}", out.status, String::from_utf8_lossy(&out.stderr));
    Ok(took)
}

/// Looks at a process until it has ended, and gives its highest water mark in MB.
fn peak(mut look: impl FnMut() -> Result<Option<f64>>) -> Result<f64> {
    let mut highest = None;
    while let Some(mb) = look()? {
        highest = Some(mb);
        std::thread::yield_now();
    }
    highest.context("it ended before it could be looked at")
}

fn alive(child: &mut Child) -> Result<Option<f64>> {
    // One that has ended has no memory any more, but is there until it is waited for.
    Ok(high_water(child.id()))
}

/// The highest water mark of a process's memory, in MB.
fn high_water(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb * 1024.0 / 1e6)
}

/// The agent that serves in this namespace: a server's processes are this machine's as well.
fn agent_in(namespace: &Path) -> Option<u32> {
    let pids = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find(|pid| {
        let serves = |line: Vec<u8>| line.ends_with(b"/stapel\0agent\0serve\0");
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(serves)
            && std::fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|found| found == namespace)
    })
}
