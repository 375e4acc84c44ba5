//! Convertik on a test server, in versions that differ only in what is wrong with them.

use anyhow::{Result, ensure};
use testkit::{Convertik, Flavour, Operator, Server};

use super::told::Told;
use crate::cargo;

const REGRESSION: &str = include_str!("regression.py");
/// What is asked of it besides the example's checks: something that takes its time, and something that must be in an answer.
const CHECKS: &str = "\n[[check]]\nname = \"takes its time\"\npath = \"/api/v1/slow?seconds=0.2\"\n\n\
                      [[check]]\nname = \"says ok\"\npath = \"/health\"\ncontains = \"\\\"status\\\":\\\"ok\\\"\"\n";

pub(super) struct Sick {
    pub(super) operator: Operator,
    number: u32,
    watch_s: u64,
}

impl Sick {
    /// The example in service, released once, so that what a release touches is known.
    pub(super) fn new(flavour: Flavour, name: &str, watch_s: u64) -> Result<Self> {
        ensure!(testkit::ready()?, "this machine cannot have test servers");
        cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
        let server = Server::start(flavour, name)?;
        Convertik::of_this_repository().run_by_hand(&server, "1")?;
        let operator = Operator::new(server, cargo::root().join("target/release/stapel"))?;
        let mut sick = Self { operator, number: 0, watch_s };
        let first = sick.release(None)?;
        ensure!(first.code == 0, "the first release: {}", first.end());
        Ok(sick)
    }

    /// Releases another version, with this kind of thing wrong with it.
    pub(super) fn release(&mut self, wrong: Option<&str>) -> Result<Told> {
        self.number += 1;
        self.operator.has("1")?;
        let dir = self.operator.checkout().join("backend/app");
        let replace = |file: &str, from: &str, to: &str| -> Result<()> {
            let file = dir.join(file);
            let text = std::fs::read_to_string(&file)?;
            ensure!(text.contains(from), "{} does not say {from}", file.display());
            Ok(std::fs::write(&file, text.replace(from, to))?)
        };
        replace("version.py", "VERSION = \"1\"", &format!("VERSION = \"{}\"", self.version()))?;
        if let Some(wrong) = wrong {
            std::fs::write(dir.join("regression.py"), REGRESSION)?;
            let import = "from app.version import VERSION\n";
            replace("main.py", import, &format!("{import}from app.regression import Regression\n"))?;
            replace("main.py", "VersionHeader(api)", &format!("VersionHeader(Regression(api, \"{wrong}\"))"))?;
        }
        self.operator.configure("[service.convertik-api]", "[service.convertik-api]\nhealthy_within = \"40s\"")?;
        self.operator.configure("duration = \"15s\"", &format!("duration = \"{}s\"", self.watch_s))?;
        self.operator.append("stapel.toml", CHECKS)?;
        self.tell(&["deploy", "--yes", "--allow-dirty", "--json"])
    }

    /// What the version that was released last calls itself.
    pub(super) fn version(&self) -> String {
        format!("sick-{}", self.number)
    }

    pub(super) fn tell(&self, args: &[&str]) -> Result<Told> {
        Told::of(|| self.operator.quietly(args).map(|said| (said.code, said.stdout)))
    }
}
