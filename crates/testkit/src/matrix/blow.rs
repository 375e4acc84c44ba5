use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Fault, disk};
use crate::convertik;
use crate::servers::{Process, Server};
use crate::wait::until_every;
use crate::ways::Ways;

/// For the app to answer on every way again after something that took it down. Far above what a boot takes: how long it
/// was is measured and reported, and only an app that does not come back at all ends here.
const AGAIN: Duration = Duration::from_mins(4);

/// Between two looks: often enough to measure by, seldom enough not to be in the way of what comes up.
const EVERY: Duration = Duration::from_millis(250);

/// The time in which the fault itself took the app down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Down {
    pub(super) from: Instant,
    pub(super) to: Instant,
}

impl Down {
    pub(super) fn seconds(self) -> f64 {
        (self.to - self.from).as_secs_f64()
    }
}

/// Lets the fault befall the server, whose release is stopped, and lets the release go on where it lives. Gives the time in
/// which the app was away because of it.
pub(super) fn strike(server: &Server, fault: Fault, release: &Process, ways: &mut Ways) -> Result<Option<Down>> {
    let from = Instant::now();
    match fault {
        Fault::None => return Ok(None),
        Fault::Kill => server.signal("KILL", std::slice::from_ref(release))?,
        Fault::KillAll => server.signal("KILL", &agents(server, &["guard", "release"])?)?,
        Fault::Ssh => cut_sessions(server)?,
        Fault::Dockerd => server.restart_dockerd()?,
        Fault::Reboot => {
            server.power_off()?;
            server.power_on()?;
        }
        Fault::Database => {
            let out = server.docker_exec(&["docker", "restart", "convertik-db"])?;
            ensure!(out.ok(), "the database did not restart: {}", out.stderr.trim());
        }
        Fault::Disk => disk::fill(server)?,
    }
    if matches!(fault, Fault::Ssh | Fault::Dockerd | Fault::Database | Fault::Disk) {
        server.signal("CONT", std::slice::from_ref(release))?;
    }
    if !fault.takes_the_app_down() {
        return Ok(None);
    }
    until_every(EVERY, "the app answers on every way again", AGAIN, || {
        Ok(convertik::serves(server, None).then_some(()))
    })?;
    let down = Down { from, to: Instant::now() };
    if fault == Fault::Reboot {
        ways.after_a_boot(server)?;
    }
    Ok(Some(down))
}

/// Those agents that run in one of these roles; the guard first, which would see the release end.
fn agents(server: &Server, roles: &[&str]) -> Result<Vec<Process>> {
    let all = server.processes()?;
    Ok(roles.iter().flat_map(|role| all.iter().filter(|process| process.is_agent(role)).cloned()).collect())
}

/// Ends every session of sshd at once, as a line that is gone does in the end; the daemon itself stays.
fn cut_sessions(server: &Server) -> Result<()> {
    let of_sshd = |process: &Process| process.args.starts_with("sshd") && !process.args.contains("[listener]");
    let sessions: Vec<_> = server.processes()?.into_iter().filter(of_sshd).collect();
    ensure!(!sessions.is_empty(), "there is no session to cut");
    server.signal("KILL", &sessions)
}
