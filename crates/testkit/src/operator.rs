use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::convertik::Convertik;
use crate::place::private_dir;
use crate::servers::Server;
use crate::tool::Output;

/// An operator: a checkout of convertik on this machine, the command `stapel`, and the server to release on.
#[derive(Debug)]
pub struct Operator {
    server: Server,
    stapel: PathBuf,
    dir: PathBuf,
}

/// A release as `stapel history --json` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its number.
    pub id: u64,
    /// How it ended; `None` while it runs, or when its process died and nobody has recovered it yet.
    pub outcome: Option<String>,
    /// The fingerprint of the tree that it was to put in service.
    pub fingerprint: String,
}

impl Operator {
    /// One who releases on this server with this binary. The checkout goes with the server.
    ///
    /// # Errors
    /// When the checkout's directory cannot be made.
    pub fn new(server: Server, stapel: impl Into<PathBuf>) -> Result<Self> {
        let dir = private_dir(server.dir().join("operator"))?;
        Ok(Self { server, stapel: stapel.into(), dir })
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The project's root on this machine.
    #[must_use]
    pub fn checkout(&self) -> PathBuf {
        self.dir.join("convertik")
    }

    /// The checkout is at this version.
    ///
    /// # Errors
    /// When there is no such version.
    pub fn has(&self, version: &str) -> Result<()> {
        Convertik::of_this_repository().stage(version, &self.checkout())?;
        self.configure("host = \"convertik.example\"", &format!("host = \"{}\"", self.server.name()))
    }

    /// Adds text to a file of the checkout, which is made if it is not there.
    ///
    /// # Errors
    /// When the disk does not let it.
    pub fn append(&self, file: &str, text: &str) -> Result<()> {
        let mut file = File::options().create(true).append(true).open(self.checkout().join(file))?;
        Ok(std::io::Write::write_all(&mut file, text.as_bytes())?)
    }

    /// Writes `to` for `from` in the checkout's `stapel.toml`.
    ///
    /// # Errors
    /// When it does not say `from`.
    pub fn configure(&self, from: &str, to: &str) -> Result<()> {
        let file = self.checkout().join("stapel.toml");
        let text = std::fs::read_to_string(&file)?;
        ensure!(text.contains(from), "{} does not say {from}", file.display());
        Ok(std::fs::write(file, text.replace(from, to))?)
    }

    /// Runs `stapel` in the checkout, whatever its exit code; what it says is printed, too.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn stapel(&self, args: &[&str]) -> Result<Output> {
        let output = self.quietly(args)?;
        println!("$ stapel {}\n{}{}", args.join(" "), output.stdout, output.stderr);
        Ok(output)
    }

    /// Runs `stapel`, which has to end with this exit code, and gives what it said.
    ///
    /// # Errors
    /// When it ends with another one.
    pub fn releases(&self, args: &[&str], exit_code: i32) -> Result<String> {
        let output = self.stapel(args)?;
        ensure!(output.code == exit_code, "stapel {} ended with {}", args.join(" "), output.code);
        Ok(output.stdout)
    }

    /// As [`Operator::releases`], and prints nothing: what it said is in the error.
    ///
    /// # Errors
    /// As [`Operator::releases`].
    pub fn run(&self, args: &[&str], exit_code: i32) -> Result<String> {
        let out = self.quietly(args)?;
        let shown = args.join(" ");
        ensure!(out.code == exit_code, "stapel {shown} ended with {}: {}{}", out.code, out.stdout, out.stderr);
        Ok(out.stdout)
    }

    /// Starts `stapel` with this variable in its environment; what it says goes to the file `said`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn starts(&self, args: &[&str], variable: Option<(&str, &str)>, said: &Path) -> Result<Child> {
        let file = File::create(said).with_context(|| said.display().to_string())?;
        let mut command = self.command(args);
        command.envs(variable).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        command.spawn().with_context(|| format!("failed to start {}", self.stapel.display()))
    }

    /// The newest releases, newest first, at most so many. Asking changes nothing and recovers nothing.
    ///
    /// # Errors
    /// When `stapel history` fails.
    pub fn history(&self, limit: usize) -> Result<Vec<Told>> {
        let output = self.quietly(&["history", "--json", "-n", &limit.to_string()])?;
        ensure!(output.ok(), "stapel history: {}{}", output.stdout, output.stderr);
        output.stdout.lines().map(Told::parse).collect()
    }

    /// A release as `stapel show --json` has it.
    ///
    /// # Errors
    /// When `stapel show` fails.
    pub fn show(&self, release: u64) -> Result<Value> {
        let output = self.quietly(&["show", &release.to_string(), "--json"])?;
        ensure!(output.ok(), "stapel show: {}{}", output.stdout, output.stderr);
        Ok(serde_json::from_str(&output.stdout)?)
    }

    /// The same, and nothing of it is printed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn quietly(&self, args: &[&str]) -> Result<Output> {
        let out = self.command(args).output().with_context(|| format!("failed to start {}", self.stapel.display()))?;
        Ok(out.into())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.stapel);
        command.args(args).args(["--lang", "en"]).current_dir(self.checkout());
        command.env("STAPEL_SSH_CONFIG", self.server.ssh_config());
        command
    }
}

impl Told {
    fn parse(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line).with_context(|| format!("stapel history said {line}"))?;
        Ok(Self {
            id: value["id"].as_u64().context("a release without a number")?,
            outcome: value["outcome"].as_str().map(str::to_owned),
            fingerprint: value["plan"]["goal"]["fingerprint"].as_str().unwrap_or_default().to_owned(),
        })
    }
}
