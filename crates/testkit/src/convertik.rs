//! The example `convertik` on a server, brought there as its team does by hand: no release of ours has touched it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::servers::Server;
use crate::tool::Tool;
use crate::wait::until_true;

mod asked;

pub use asked::{answers, revision, schema_of_version_1, serves, sql, stored, tree, versions};

/// Where the app lies on the server.
pub const PATH: &str = "/opt/convertik";
/// Where the proxy, a compose project of its own, lies on the server.
pub const CADDY_PATH: &str = "/opt/caddy";
/// The domain by which the proxy knows the app.
pub const DOMAIN: &str = "convertik.example";
/// The app's port on the host.
pub const PORT: u16 = 8001;

const COMPOSE_FILE: &str = "docker-compose.production.yml";

/// For the app to answer once all is started.
const LIMIT: Duration = Duration::from_secs(120);

/// The example's files.
#[derive(Debug, Clone)]
pub struct Convertik {
    example: PathBuf,
}

impl Convertik {
    /// The example in this directory.
    #[must_use]
    pub fn new(example: impl Into<PathBuf>) -> Self {
        Self { example: example.into() }
    }

    /// The example of this repository.
    #[must_use]
    pub fn of_this_repository() -> Self {
        Self::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/convertik"))
    }

    /// Makes `dir` the project's root at this version: "1" is the example itself, "2" has the files of `versions/2` over
    /// it, "3-broken" those of `versions/2` and then those of `versions/3-broken`. Done again for another version it
    /// does what an operator's checkout does: what that version does not have goes, a `.git` stays.
    ///
    /// # Errors
    /// When there is no such version, or the disk fails.
    pub fn stage(&self, version: &str, dir: &Path) -> Result<()> {
        let layers = self.layers(version)?;
        std::fs::create_dir_all(dir)?;
        // Laid over each other first, so that a file that both versions have is not touched on the way.
        let whole = dir.with_extension(format!("staging-{}", std::process::id()));
        let laid = layers.iter().try_for_each(|layer| copy(layer, &whole, &["--ignore-times", "--exclude=/versions"]));
        // By content: an overlay with the size and the second of what it replaces is another file all the same.
        let staged = laid.and_then(|()| copy(&whole, dir, &["--checksum", "--delete", "--exclude=/.git"]));
        std::fs::remove_dir_all(&whole)?;
        staged
    }

    /// The directories that make a version, each over those before it.
    fn layers(&self, version: &str) -> Result<Vec<PathBuf>> {
        let (number, variant) = version.split_once('-').map_or((version, false), |(number, _)| (number, true));
        let number: u32 = number.parse().with_context(|| format!("{version} is not a version"))?;
        let overlay = |name: &str| self.example.join("versions").join(name);
        let below = (2..number).map(|n| overlay(&n.to_string()));
        let own = (version != "1").then(|| overlay(version));
        // A variant of a plain version that there is, say 2-slow, lies over that one.
        let plain = Some(overlay(&number.to_string())).filter(|dir| variant && dir.is_dir());
        let layers: Vec<_> = std::iter::once(self.example.clone()).chain(below).chain(plain).chain(own).collect();
        match layers.iter().find(|layer| !layer.is_dir()) {
            Some(missing) => bail!("convertik has no version {version}: {} is not there", missing.display()),
            None => Ok(layers),
        }
    }

    /// Brings this version into service as the team does, and waits until it answers through the proxy. On a server that
    /// has it in service already nothing is started again; the tree is the example's in any case.
    ///
    /// # Errors
    /// When one of the commands fails, or it does not come to answer.
    pub fn run_by_hand(&self, server: &Server, version: &str) -> Result<()> {
        let local =
            crate::place::private_dir(crate::place::place()?.join(format!("{}-convertik", server.container())))?;
        let brought = self.bring(server, version, &local);
        std::fs::remove_dir_all(&local)?;
        brought?;
        if !server.exec(&["docker", "network", "inspect", "caddy"])?.ok() {
            server.run(&["docker", "network", "create", "caddy"])?;
        }
        let compose = |path: &str, file: &str, args: &[&str]| in_dir(server, path, &[&["-f", file], args].concat());
        compose(PATH, COMPOSE_FILE, &["build"])?;
        compose(PATH, COMPOSE_FILE, &["up", "-d"])?;
        compose(PATH, COMPOSE_FILE, &["exec", "-T", "convertik-api", "alembic", "upgrade", "head"])?;
        compose(CADDY_PATH, "docker-compose.yml", &["up", "-d"])?;
        until_true("convertik answers through the proxy", LIMIT, || answers(server))
    }

    fn bring(&self, server: &Server, version: &str, local: &Path) -> Result<()> {
        let (app, caddy) = (local.join("app"), local.join("caddy"));
        self.stage(version, &app)?;
        std::fs::rename(app.join("caddy"), &caddy)?;
        server.copy_dir(&app, PATH)?;
        server.copy_dir(&caddy, CADDY_PATH)
    }
}

/// The compose command of a server, as a list of arguments.
#[must_use]
pub fn compose_command(server: &Server) -> &'static [&'static str] {
    server.flavour().compose_command()
}

/// Runs compose with these arguments for the app, in its directory and with its file, and gives what it put out.
///
/// # Errors
/// When compose fails.
pub fn compose(server: &Server, args: &[&str]) -> Result<String> {
    in_dir(server, PATH, &[&["-f", COMPOSE_FILE], args].concat())
}

fn in_dir(server: &Server, dir: &str, args: &[&str]) -> Result<String> {
    let start = ["env", "-C", dir];
    server.run(&[&start, compose_command(server), args].concat())
}

/// Copies what `from` holds into `to`, over what is there.
fn copy(from: &Path, to: &Path, options: &[&str]) -> Result<()> {
    Tool::new("rsync")
        .args(["--archive", "--exclude=__pycache__"])
        .args(options)
        .arg(from.join(""))
        .arg(to)
        .run()
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (tempfile::TempDir, Convertik) {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in [
            ("app.py", "1"),
            ("same", "same"),
            ("versions/2/app.py", "2"),
            ("versions/2/new.py", "new"),
            ("versions/3-broken/app.py", "3"),
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let convertik = Convertik::new(dir.path());
        (dir, convertik)
    }

    #[test]
    fn versions_are_laid_over_each_other_and_leave_nothing_behind() {
        let (_dir, convertik) = example();
        let out = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(out.path().join(name)).ok();
        std::fs::create_dir(out.path().join(".git")).unwrap();
        for (version, app, new) in
            [("1", "1", None), ("3-broken", "3", Some("new")), ("2", "2", Some("new")), ("1", "1", None)]
        {
            convertik.stage(version, out.path()).unwrap();
            assert_eq!(read("app.py").as_deref(), Some(app));
            assert_eq!(read("new.py").as_deref(), new);
            assert_eq!(read("same").as_deref(), Some("same"));
        }
        assert!(!out.path().join("versions").exists());
        assert!(out.path().join(".git").exists());
    }

    #[test]
    fn a_version_that_is_not_there_is_named() {
        let (_dir, convertik) = example();
        let error = convertik.layers("4").unwrap_err().to_string();
        assert!(error.contains("no version 4"), "{error}");
        assert!(convertik.layers("two").is_err());
    }
}
