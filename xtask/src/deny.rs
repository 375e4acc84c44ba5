use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Checks the dependencies by `deny.toml`. CI brings cargo-deny; elsewhere, where it is not installed, the bans are looked
/// up in `Cargo.lock`, which is what keeps a second TLS out; licences then remain unchecked, and that is said.
pub(crate) fn run() -> Result<()> {
    let own = cargo::root().join("target/tools");
    let installed = || ["cargo-deny".into(), own.join("bin/cargo-deny")].into_iter().find(works);
    let mut deny = installed();
    if deny.is_none() && std::env::var_os("CI").is_some() {
        cargo::run(cargo::cargo().args(["install", "--locked", "--quiet", "cargo-deny", "--root"]).arg(&own))?;
        deny = installed();
    }
    match deny {
        Some(deny) => {
            // It looks at what every platform needs; a build here has brought only what this one does.
            cargo::run(cargo::cargo().args(["fetch", "--locked"]))?;
            let args = ["--offline", "check", "bans", "licenses", "sources"];
            cargo::run(Command::new(deny).args(args).current_dir(cargo::root()))
        }
        None => bans(),
    }
}

fn works(program: &PathBuf) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success())
}

fn bans() -> Result<()> {
    let read = |name: &str| std::fs::read_to_string(cargo::root().join(name)).with_context(|| name.to_owned());
    let (deny, lock) = (read("deny.toml")?, read("Cargo.lock")?);
    let lines = deny.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next());
    let banned: Vec<&str> = lines.collect();
    if banned.is_empty() {
        bail!("deny.toml bans nothing: it was not understood");
    }
    let found: Vec<&str> =
        banned.iter().copied().filter(|name| lock.contains(&format!("\nname = \"{name}\"\n"))).collect();
    if !found.is_empty() {
        bail!("banned by deny.toml, but in Cargo.lock: {}", found.join(", "));
    }
    println!(
        "none of the {} banned crates is in Cargo.lock; licences: left out, cargo-deny is not installed",
        banned.len()
    );
    Ok(())
}
