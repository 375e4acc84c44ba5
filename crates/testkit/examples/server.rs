//! Starts servers and leaves them, to look at by hand: `cargo run -p testkit --example server -- bookworm h1 h2`;
//! `-- sweep` removes all there are.

use std::time::Instant;

use anyhow::{Context, Result};
use testkit::{Flavour, Server, servers};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (flavour, names) = args.split_first().context("usage: server sweep | FLAVOUR NAME…")?;
    if flavour == "sweep" {
        return servers::sweep_all();
    }
    let flavour = Flavour::ALL.into_iter().find(|f| f.to_string() == *flavour).context("no such flavour")?;
    anyhow::ensure!(testkit::ready()?, "this machine cannot have servers");
    for name in names {
        let start = Instant::now();
        let server = Server::start_kept(flavour, name)?;
        println!("{name} {} up after {:.1} s", server.ip(), start.elapsed().as_secs_f64());
        println!("ssh -F {} {name}", server.ssh_config().display());
    }
    Ok(())
}
