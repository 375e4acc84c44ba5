use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;
use testkit::{Flavour, Server};

use crate::cargo;

/// Where both put their trees on the server: new ones for each pair of the cold case, because a file system is slow at
/// making files where many have just been removed.
const OURS: &str = "/opt/ship";
const STATE: &str = "/var/lib/ship";
const THEIRS: &str = "/opt/rsync";
/// Bytes of a file, about.
const FILE_BYTES: usize = 11_700;
const PER_DIRECTORY: usize = 100;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Pairs of runs in each case, one of each side after the other
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Files in the tree
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Only this case: cold, same or one
    #[arg(long)]
    case: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    /// Nothing is there.
    Cold,
    /// All of it is.
    Same,
    /// One file has changed.
    One,
}

impl Case {
    const ALL: [Self; 3] = [Self::Cold, Self::Same, Self::One];

    fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Same => "same",
            Self::One => "one",
        }
    }
}

#[derive(Serialize)]
struct Line {
    bench: &'static str,
    case: &'static str,
    stapel_s: f64,
    rsync_s: f64,
    ratio: f64,
    bytes: u64,
    rsync_bytes: u64,
}

/// Brings a tree to a server and puts it in place, against `rsync -az --delete` over the same ssh, both from the set-up of
/// the connection on. Ours is `stapel plan`, which brings it and looks at everything, and the step that puts it in place;
/// where nothing has changed, a whole `stapel deploy`.
pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(testkit::ready()?, "this machine cannot have test servers");
    cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
    let world = World::new(args.files)?;
    // The agent is brought, and both have a tree.
    world.first()?;
    for case in Case::ALL.into_iter().filter(|c| args.case.as_ref().is_none_or(|wanted| wanted == c.name())) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for pair in 0..args.pairs {
            world.prepare(case, pair)?;
            world.settle()?;
            ours.push(world.stapel(case)?);
            world.settle()?;
            theirs.push(world.rsync()?);
        }
        let ((stapel_s, bytes), (rsync_s, rsync_bytes)) = (median(ours), median(theirs));
        let ratio = stapel_s / rsync_s;
        let line = Line { bench: "ship", case: case.name(), stapel_s, rsync_s, ratio, bytes, rsync_bytes };
        if args.json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            println!(
                "{:>5}: stapel {stapel_s:.2} s, {bytes} bytes; rsync {rsync_s:.2} s, {rsync_bytes} bytes; ratio {ratio:.2}",
                case.name()
            );
        }
    }
    Ok(())
}

/// The median of the seconds, and of the bytes.
fn median(runs: Vec<(f64, u64)>) -> (f64, u64) {
    let (mut seconds, mut bytes): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
    seconds.sort_by(f64::total_cmp);
    bytes.sort_unstable();
    (seconds[seconds.len() / 2], bytes[bytes.len() / 2])
}

struct World {
    server: Server,
    dir: tempfile::TempDir,
    stapel: PathBuf,
    /// How often it has moved on.
    place: Cell<u32>,
}

impl World {
    fn new(files: usize) -> Result<Self> {
        let server = Server::start(Flavour::Trixie, "bench-ship")?;
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("app.toml"), "version = 1\n")?;
        let mut words = Words(7);
        for number in 0..files {
            let at = dir.path().join(format!("data/{:03}", number / PER_DIRECTORY));
            std::fs::create_dir_all(&at)?;
            std::fs::write(at.join(format!("{number:05}.txt")), words.text(FILE_BYTES))?;
        }
        Ok(Self { server, dir, stapel: cargo::root().join("target/release/stapel"), place: Cell::new(0) })
    }

    /// Both go to places where nothing is.
    fn move_on(&self) -> Result<()> {
        let place = self.place.get() + 1;
        self.place.set(place);
        let config = format!(
            "app = \"ship\"\nengine = \"embedded\"\n[target.there]\nhost = \"{}\"\npath = \"{OURS}{place}\"\nstate = \"{STATE}{place}\"\n\
             [service.app]\n[migration]\ntool = \"embedded\"\nservice = \"app\"\n[watch]\nduration = \"1s\"\n",
            self.server.name()
        );
        Ok(std::fs::write(self.dir.path().join("stapel.toml"), config)?)
    }

    fn first(&self) -> Result<()> {
        self.move_on()?;
        self.command(&["deploy", "--yes"])?;
        self.rsync().map(drop)
    }

    fn prepare(&self, case: Case, pair: usize) -> Result<()> {
        match case {
            Case::Cold => self.move_on(),
            Case::Same => Ok(()),
            Case::One => {
                let file = self.dir.path().join("data/000/00000.txt");
                Ok(std::fs::write(file, Words(1000 + pair as u64).text(FILE_BYTES))?)
            }
        }
    }

    /// What the other one has written is on the disk: who makes its files durable would have to wait for those as well.
    fn settle(&self) -> Result<()> {
        self.server.run(&["sync"]).map(drop)
    }

    /// Seconds and bytes.
    fn stapel(&self, case: Case) -> Result<(f64, u64)> {
        let (before, begun) = (self.bytes()?, Instant::now());
        self.command(&[if case == Case::Same { "deploy" } else { "plan" }])?;
        let (took, bytes) = (begun.elapsed().as_secs_f64(), self.bytes()? - before);
        if case == Case::Same {
            return Ok((took, bytes));
        }
        self.command(&["deploy", "--yes"])?;
        Ok((took + self.shipped_s()?, bytes))
    }

    /// How long the newest release took to put the files in place.
    fn shipped_s(&self) -> Result<f64> {
        let shown: Value = serde_json::from_str(self.command(&["show", "--json"])?.trim())?;
        let steps = shown["steps"].as_array().context("no steps")?;
        let ship = steps.iter().position(|s| s["spec"]["step"] == "ship").context("no such step")?;
        let at = |state: &str| -> Result<jiff::Timestamp> {
            let events = shown["events"].as_array().context("no events")?.iter();
            let mut events = events.filter(|e| e["event"] == "step" && e["index"] == ship);
            let event = events.find(|e| e["state"] == state).with_context(|| format!("never {state}"))?;
            Ok(event["at"].as_str().context("no time")?.parse()?)
        };
        Ok(at("done")?.duration_since(at("doing")?).as_secs_f64())
    }

    fn rsync(&self) -> Result<(f64, u64)> {
        let (before, begun) = (self.bytes()?, Instant::now());
        let ssh = format!("ssh -F {}", self.server.ssh_config().display());
        let mut rsync = Command::new("rsync");
        rsync.args(["-az", "--zc=zstd", "--delete", "--exclude", "/stapel.toml", "-e", &ssh, "./"]);
        finish(rsync.arg(format!("{}:{THEIRS}{}/", self.server.name(), self.place.get())), self.dir.path())?;
        Ok((begun.elapsed().as_secs_f64(), self.bytes()? - before))
    }

    /// Bytes that have gone over the server's interface, both ways.
    fn bytes(&self) -> Result<u64> {
        let counters = ["rx", "tx"].map(|way| format!("/sys/class/net/eth0/statistics/{way}_bytes"));
        let said = self.server.run(&["cat", &counters[0], &counters[1]])?;
        said.split_whitespace().map(|n| Ok(n.parse::<u64>()?)).sum()
    }

    fn command(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.stapel);
        command.args(args).env("STAPEL_SSH_CONFIG", self.server.ssh_config());
        finish(&mut command, self.dir.path())
    }
}

fn finish(command: &mut Command, dir: &Path) -> Result<String> {
    let out = command.current_dir(dir).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "{command:?}: {}{said}", String::from_utf8_lossy(&out.stdout));
    Ok(String::from_utf8(out.stdout)?)
}

/// Text that compresses about as source code does, the same in every run.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        // A multiplicative congruential generator: its upper bits are random enough for words.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            let word = self.next() % 4096;
            let end = if self.next().is_multiple_of(12) { '\n' } else { ' ' };
            text.push_str(&format!("{:x}{word}", word * 2_654_435_761 % 65_536));
            text.push(end);
        }
        text
    }
}
