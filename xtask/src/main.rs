//! Chores of the house. `cargo xtask --help` lists them.

mod bench;
mod cargo;
mod deny;
mod dist;
mod matrix;
mod races;
mod reference;
mod server;
mod test;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the house")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Brings what the tests need, and runs them all
    Test {
        /// Passed on to the test runner, for example the name of a test
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measures against the rival, in one run
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Two deploys agreed to in the same moment, many times: exactly one proceeds
    Races {
        /// How often
        #[arg(long, default_value_t = 200)]
        count: u32,
    },
    /// Lets something die at every boundary of the journal of every story, and looks what recovery alone makes of it
    Matrix(matrix::Args),
    /// Builds the program for every machine that it can be built for here, static and stripped, and prints its size; says
    /// of the others how
    Dist,
    /// Writes the reference of `stapel.toml`, from the code that reads it
    Reference,
    /// Checks licences, bans and duplicates of the dependencies
    Deny,
    /// A test server with the example convertik on it, released by hand, to try things on
    Server(server::Args),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().chore {
        Chore::Test { args } => test::run(&args),
        Chore::Bench(bench) => bench::run(&bench),
        Chore::Races { count } => races::run(count),
        Chore::Matrix(args) => matrix::run(&args),
        Chore::Dist => dist::run(),
        Chore::Reference => reference::run(),
        Chore::Deny => deny::run(),
        Chore::Server(args) => server::run(&args),
    }
}
