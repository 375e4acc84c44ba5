//! A server in each flavour is what an operator expects of one: ssh gets in, Docker is of the right age, containers
//! answer, and it survives what befalls servers.

use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::{Flavour, Server, http, until_true};

/// For an inner container to answer.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn bookworm_server_lives() -> Result<()> {
    story(Flavour::Bookworm)
}

#[test]
fn trixie_server_lives() -> Result<()> {
    story(Flavour::Trixie)
}

#[test]
fn bookworm_server_survives_faults() -> Result<()> {
    faults(Flavour::Bookworm)
}

#[test]
fn trixie_server_survives_faults() -> Result<()> {
    faults(Flavour::Trixie)
}

#[test]
fn systemd_server_survives_faults() -> Result<()> {
    faults(Flavour::Systemd)
}

fn story(flavour: Flavour) -> Result<()> {
    let Some(server) = server(flavour, "story")? else { return Ok(()) };
    assert_eq!(server.run(&["hostname"])?, "story");
    assert_eq!(server.run(&["printf", "%s|", "a b", "$(id)", "it's"])?, "a b|$(id)|it's|");

    let version = server.run(&["docker", "version", "--format", "{{.Server.Version}}"])?;
    assert!(version.starts_with(flavour.docker_version()), "{version}");
    let compose = [flavour.compose_command(), &["version"]].concat();
    server.run(&compose)?;

    run_web(&server)?;
    assert_eq!(web(&server), Some(200));
    assert!(std::path::Path::new(&format!("/proc/{}/ns/net", server.pid()?)).exists());

    let host = server.add_user("anna", &["sudo", "docker"])?;
    assert_eq!(server.exec_as(&host, &["whoami"])?.stdout, "anna\n");
    assert_eq!(server.exec_as(&host, &["sudo", "-n", "whoami"])?.stdout, "root\n");
    assert!(server.exec_as(&host, &["docker", "ps"])?.ok());

    let local = tempfile::tempdir()?;
    std::fs::write(local.path().join("Dockerfile"), "FROM debian:bookworm-slim\nRUN apt-get update && touch /built\n")?;
    server.copy_dir(local.path(), "/opt/app dir")?;
    server.run(&["docker", "build", "-t", "app", "/opt/app dir"])?;
    server.run(&["docker", "run", "--rm", "app", "test", "-e", "/built"])?;

    let other = Server::attach(server.container())?;
    assert_eq!(other.run(&["docker", "ps", "--quiet"])?.lines().count(), 1);
    drop(other);
    assert!(server.exec(&["true"])?.ok(), "a visitor that leaves leaves the server");

    let container = server.container().to_owned();
    drop(server);
    assert!(Server::attach(&container).is_err(), "a server is gone when it is dropped");
    Ok(())
}

fn faults(flavour: Flavour) -> Result<()> {
    let Some(server) = server(flavour, "faults")? else { return Ok(()) };
    run_web(&server)?;
    match flavour {
        Flavour::Systemd => systemd_runs_what_is_enabled_at_boot(&server)?,
        _ => cron_runs_what_it_finds_at_boot(&server)?,
    }
    let boot = || server.run(&["cat", "/proc/sys/kernel/random/boot_id"]);

    let before = boot()?;
    server.reboot()?;
    assert_ne!(before, boot()?, "another boot has another id");
    until_true("the web is back after a reboot", LIMIT, || web(&server) == Some(200))?;

    server.power_off()?;
    assert_eq!(web(&server), None);
    server.power_on()?;
    until_true("the web is back after a power loss", LIMIT, || web(&server) == Some(200))?;

    server.pause()?;
    assert_eq!(web(&server), None, "a frozen server does not answer, its containers neither");
    server.unpause()?;
    until_true("the web is back after a freeze", LIMIT, || web(&server) == Some(200))?;

    server.cut()?;
    assert_eq!(web(&server), None);
    assert!(server.docker_exec(&["docker", "ps"])?.ok(), "behind a cut line it runs on");
    server.mend()?;
    until_true("the web is back behind a mended line", LIMIT, || web(&server) == Some(200))?;
    assert!(server.exec(&["true"])?.ok());

    server.kill_dockerd()?;
    if flavour != Flavour::Systemd {
        assert!(!server.exec(&["docker", "ps"])?.ok());
    }
    server.start_dockerd()?;
    until_true("the web is back after its Docker died", LIMIT, || web(&server) == Some(200))?;
    Ok(())
}

/// What is told to run at each boot, and leaves a mark at the first and another at those after it.
const AT_BOOT: &str = "test ! -e /ran || touch /ran-again; touch /ran";

/// Without systemd, what has to happen after a boot stands in a crontab.
fn cron_runs_what_it_finds_at_boot(server: &Server) -> Result<()> {
    server.run(&["sh", "-c", &format!("echo '@reboot root {AT_BOOT}' >/etc/cron.d/test")])?;
    runs_at_each_boot(server)?;
    server.run(&["rm", "/etc/cron.d/test"]).map(drop)
}

fn systemd_runs_what_is_enabled_at_boot(server: &Server) -> Result<()> {
    assert_eq!(server.run(&["ps", "-o", "comm=", "1"])?, "systemd");
    let unit = format!("[Service]\\nExecStart=/bin/sh -c \"{AT_BOOT}\"\\n[Install]\\nWantedBy=multi-user.target\\n");
    server.run(&["sh", "-c", &format!("printf '{unit}' >/etc/systemd/system/test.service")])?;
    server.run(&["systemctl", "enable", "test.service"])?;
    runs_at_each_boot(server)?;
    server.run(&["systemctl", "disable", "test.service"]).map(drop)
}

fn runs_at_each_boot(server: &Server) -> Result<()> {
    for file in ["/ran", "/ran-again"] {
        server.reboot()?;
        until_true("it runs at boot", LIMIT, || server.exec(&["test", "-e", file]).is_ok_and(|out| out.ok()))?;
    }
    Ok(())
}

/// A started server, or none where this machine cannot have any.
fn server(flavour: Flavour, name: &str) -> Result<Option<Server>> {
    if !testkit::ready()? {
        return Ok(None);
    }
    let start = Instant::now();
    let server = Server::start(flavour, name)?;
    eprintln!("{flavour} server up after {:.1} s", start.elapsed().as_secs_f64());
    Ok(Some(server))
}

fn run_web(server: &Server) -> Result<()> {
    let run = ["docker", "run", "-d", "--name", "web", "--restart", "always", "-p", "8080:80", "caddy:2"];
    server.run(&run)?;
    until_true("the web answers from this machine", LIMIT, || web(server) == Some(200))
}

fn web(server: &Server) -> Option<u16> {
    http::get(server.ip().into(), 8080, "web.example", "/").ok().map(|answer| answer.status)
}
