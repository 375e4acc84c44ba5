use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// What a test says that cannot run on this machine.
const LEFT_OUT: &str = "left out:";

/// Brings what the tests need and runs them. Where a machine cannot have all of that, the tests concerned leave themselves
/// out and say so; what is missing and how many tests that left out is said at the end, where everybody sees it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let say = |line: &str| eprintln!("{line}");
    let missing = testkit::machine::prepare(&say)?;
    if missing.is_empty() {
        testkit::servers::sweep()?;
        testkit::images::ensure(&say)?;
    }
    let nextest = cargo::cargo().args(["nextest", "--version"]).output().is_ok_and(|o| o.status.success());
    let mut command = cargo::cargo();
    command
        .args(if nextest { &["nextest", "run"][..] } else { &["test"] })
        .args(["--workspace", "--no-fail-fast"])
        .args(args);
    if missing.is_empty() {
        return cargo::run(&mut command);
    }
    if nextest {
        // What a test says is only shown when it fails, otherwise.
        command.args(["--success-output", "immediate"]);
    }
    let mut child = command.stderr(Stdio::piped()).spawn().context("cargo could not be started")?;
    let mut left_out = 0;
    for line in BufReader::new(child.stderr.take().context("no output")?).lines() {
        let line = line?;
        left_out += usize::from(line.contains(LEFT_OUT));
        eprintln!("{line}");
    }
    for thing in &missing {
        eprintln!("missing: {} ({})", thing.what, thing.remedy);
    }
    eprintln!("{left_out} tests were left out for want of these");
    let status = child.wait()?;
    ensure!(status.success(), "the tests: {status}");
    Ok(())
}
