use anyhow::Result;

use crate::cargo;

/// Brings what the tests need and runs them. Tests that need what this machine cannot have leave themselves out and say
/// so; what is missing is said here, once more, where everybody sees it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let say = |line: &str| eprintln!("{line}");
    let missing = testkit::machine::prepare(&say)?;
    if missing.is_empty() {
        testkit::servers::sweep()?;
        testkit::images::ensure(&say)?;
    }
    let nextest = cargo::cargo().args(["nextest", "--version"]).output().is_ok_and(|o| o.status.success());
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test"] };
    let done = cargo::run(cargo::cargo().args(runner).args(["--workspace", "--no-fail-fast"]).args(args));
    for thing in &missing {
        eprintln!("left out for want of {}: {}", thing.what, thing.remedy);
    }
    done
}
