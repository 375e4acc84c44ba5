use anyhow::{Context, Result};

use crate::cargo;

/// What the static binary is built for: the C library is linked in, so that it runs on any Linux of this machine.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the binary that is given to people, and prints where it lies and how large it is.
pub(crate) fn run() -> Result<()> {
    let mut build = cargo::cargo();
    build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    build.args(["build", "--profile", "dist", "--package", "stapel", "--target", TARGET]);
    cargo::run(&mut build)?;
    let binary = cargo::target().join(TARGET).join("dist/stapel");
    let bytes = std::fs::metadata(&binary).with_context(|| binary.display().to_string())?.len();
    println!("{} {bytes} bytes ({:.1} MB), static, stripped", binary.display(), f64::from(u32::try_from(bytes)?) / 1e6);
    println!(
        "not built here, for want of their toolchains: aarch64-unknown-linux-gnu, x86_64-apple-darwin, aarch64-apple-darwin"
    );
    Ok(())
}
