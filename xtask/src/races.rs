use anyhow::Result;

use crate::cargo;

/// The test that races two deploys, as often as asked: exactly one proceeds each time, the other is told who it is.
pub(crate) fn run(count: u32) -> Result<()> {
    let mut races = cargo::cargo();
    races.env("STAPEL_RACES", count.to_string());
    cargo::run(races.args([
        "nextest",
        "run",
        "--package",
        "stapel",
        "--test",
        "cli",
        "crash::of_two_operators_exactly_one_proceeds",
    ]))?;
    println!("{{\"races\":{count},\"ok\":true}}");
    Ok(())
}
