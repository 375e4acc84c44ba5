use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Cell, Fault, Story, disk};
use crate::convertik::{self, Convertik};
use crate::operator::Operator;
use crate::residue;
use crate::servers::{Flavour, Server};
use crate::wait::until_true;

use std::time::Duration;

/// For a version that is in service to answer on every way.
const LIMIT: Duration = Duration::from_mins(2);

/// As `examples/convertik/stapel.toml` says it.
const WATCH: &str = "duration = \"15s\"";

/// A server with convertik on it, brought to a known state before each cell.
#[derive(Debug)]
pub(super) struct World {
    pub(super) operator: Operator,
    /// The fingerprint of version 1's tree, once Stapel has released it; before that the app is as it was found.
    first: Option<String>,
    /// Nothing was done since the app was brought by hand.
    untouched: bool,
}

impl World {
    pub(super) fn start(flavour: Flavour, stapel: &Path) -> Result<Self> {
        let server = Server::start(flavour, &format!("matrix-{flavour}"))?;
        Convertik::of_this_repository().run_by_hand(&server, "1")?;
        Ok(Self { operator: Operator::new(server, stapel)?, first: None, untouched: true })
    }

    pub(super) fn server(&self) -> &Server {
        self.operator.server()
    }

    /// What `stapel` said in the last cell.
    pub(super) fn said(&self) -> PathBuf {
        self.operator.checkout().with_extension("said")
    }

    /// Brings the server to the state that the cell begins from, and the operator's checkout to what it releases.
    pub(super) fn prepare(&mut self, cell: &Cell) -> Result<()> {
        match cell.story {
            Story::First => self.as_found()?,
            other => self.released(other.before())?,
        }
        self.untouched = false;
        convertik::sql(self.server(), "truncate events")?;
        until_true("the version before is in service", LIMIT, || {
            convertik::serves(self.server(), Some(cell.story.before()))
        })?;
        residue::none(self.server(), None)?;
        if cell.fault == Fault::Disk {
            disk::mount(self.server())?;
        }
        let version = match cell.story {
            Story::Rollback => cell.story.before(),
            other => other.brings(),
        };
        self.has(version, cell.story.watch())
    }

    /// Puts back what only this cell needed.
    pub(super) fn tidy(&self, cell: &Cell) -> Result<()> {
        match cell.fault {
            Fault::Disk => disk::unmount(self.server()),
            _ => Ok(()),
        }
    }

    /// What the operator types.
    pub(super) fn command(&self, story: Story) -> Result<Vec<String>> {
        let mut words = match story {
            Story::Rollback => vec!["rollback".to_owned(), self.newest_of_version_1()?],
            _ => vec!["deploy".to_owned()],
        };
        words.push("--yes".to_owned());
        Ok(words)
    }

    fn has(&self, version: &str, watch: &str) -> Result<()> {
        self.operator.has(version)?;
        self.operator.configure(WATCH, &format!("duration = \"{watch}\""))
    }

    /// The app as its team left it, and no trace of Stapel.
    fn as_found(&mut self) -> Result<()> {
        self.first = None;
        if self.untouched {
            return self.has("1", Story::First.watch());
        }
        convertik::schema_of_version_1(self.server())?;
        Convertik::of_this_repository().run_by_hand(self.server(), "1")?;
        self.server().run(&["sh", "-c", "rm -rf /var/lib/stapel/* /etc/cron.d/stapel-*"])?;
        let tags = self.server().run(&["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "convertik-api"])?;
        for tag in tags.lines().filter(|tag| tag.contains(":stapel-")) {
            self.server().run(&["docker", "rmi", tag])?;
        }
        self.has("1", Story::First.watch())
    }

    /// This version, released by Stapel over another of its releases.
    fn released(&mut self, version: &str) -> Result<()> {
        if self.first.is_none() {
            self.as_found()?;
            self.operator.run(&["deploy", "--yes"], 0)?;
            self.first = self.operator.history(1)?.pop().map(|release| release.fingerprint);
        }
        match version {
            "1" => {
                if !convertik::serves(self.server(), Some("1")) {
                    self.has("2", Story::Deploy.watch())?;
                    self.operator.run(&["rollback", &self.newest_of_version_1()?, "--yes"], 0)?;
                }
                convertik::schema_of_version_1(self.server())
            }
            other if convertik::serves(self.server(), Some(other)) => Ok(()),
            other => {
                self.has(other, Story::Deploy.watch())?;
                self.operator.run(&["deploy", "--yes"], 0).map(drop)
            }
        }
    }

    /// The newest release that put version 1 in service: the images of old ones are let go.
    fn newest_of_version_1(&self) -> Result<String> {
        let all = self.operator.history(100)?;
        let newest = all.iter().find(|release| {
            release.outcome.as_deref() == Some("done") && Some(&release.fingerprint) == self.first.as_ref()
        });
        newest.map(|release| release.id.to_string()).context("no release of version 1")
    }
}
