use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testkit::{Convertik, Flavour, Operator, Server, convertik};

use crate::cargo;

/// The record after which the server dies: the real container has been made anew, traffic is on the candidate.
const RECORD: &str = "stop:18";
/// For a build and half a rollout on a machine of two cores.
const LIMIT: Duration = Duration::from_secs(180);

/// From power-on of a server that died in mid-rollout until its app serves again, with nobody doing anything.
pub(super) fn measure() -> Result<Duration> {
    ensure!(testkit::ready()?, "this machine cannot have test servers");
    cargo::run(cargo::cargo().args(["build", "--release", "--package", "stapel"]))?;
    let server = Server::start(Flavour::Trixie, "bench-power-on")?;
    let example = Convertik::of_this_repository();
    example.run_by_hand(&server, "1")?;
    let dir = tempfile::tempdir()?;
    let operator = Operator::new(server, cargo::root().join("target/release/stapel"))?;
    let server = operator.server();
    operator.has("2")?;
    let mut deploy = operator.starts(&["deploy", "--yes"], Some(("STAPEL_FAULT", RECORD)), &dir.path().join("said"))?;
    let stopped = testkit::until_true("the release stands in its midst", LIMIT, || {
        server.exec(&["pgrep", "-r", "T", "-f", "agent release"]).is_ok_and(|found| found.ok())
    });
    deploy.kill()?;
    deploy.wait()?;
    stopped?;
    server.power_off()?;
    let started = Instant::now();
    let serving = std::thread::scope(|scope| {
        let serving = scope.spawn(|| {
            testkit::until_true("the app serves again", LIMIT, || convertik::answers(server))?;
            Ok::<_, anyhow::Error>(started.elapsed())
        });
        server.power_on()?;
        serving.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a panic")))
    })?;
    testkit::until_true("the release has ended by itself", LIMIT, || {
        server.exec(&["pgrep", "-f", "agent (release|guard|recover)"]).is_ok_and(|found| !found.ok())
    })?;
    Ok(serving)
}
