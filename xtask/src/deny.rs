use anyhow::{Context, Result, bail};

use crate::cargo;

/// Checks the dependencies by `deny.toml`. Where cargo-deny is not installed, the bans are looked up in `Cargo.lock`, which
/// is what keeps a second TLS out; licences then remain unchecked, and that is said.
pub(crate) fn run() -> Result<()> {
    if cargo::cargo().args(["deny", "--version"]).output().is_ok_and(|o| o.status.success()) {
        return cargo::run(cargo::cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]));
    }
    let read = |name: &str| std::fs::read_to_string(cargo::root().join(name)).with_context(|| name.to_owned());
    let (deny, lock) = (read("deny.toml")?, read("Cargo.lock")?);
    let banned: Vec<&str> =
        deny.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next()).collect();
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
