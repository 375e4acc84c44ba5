//! The example convertik in service on a server as its team left it.

use anyhow::Result;
use testkit::{Convertik, Flavour, Server, convertik, http};

#[test]
fn bookworm_convertik_serves() -> Result<()> {
    serves(Flavour::Bookworm)
}

#[test]
fn trixie_convertik_serves() -> Result<()> {
    serves(Flavour::Trixie)
}

fn serves(flavour: Flavour) -> Result<()> {
    if !testkit::ready()? {
        return Ok(());
    }
    let server = Server::start(flavour, "convertik")?;
    Convertik::of_this_repository().run_by_hand(&server, "1")?;

    let ip = server.ip().into();
    let health = http::get(ip, 80, convertik::DOMAIN, "/health")?;
    assert_eq!(health.status, 200, "{health:?}");
    assert!(health.body.contains("0003"), "the migrations of version 1 have run: {health:?}");
    assert_eq!(http::get(ip, convertik::PORT, "any.example", "/api/v1/stats/summary")?.status, 200);
    assert_eq!(convertik::compose(&server, &["ps", "-q"])?.lines().count(), 3);
    assert_eq!(
        server.run(&["ls", "-A", convertik::PATH])?.lines().filter(|name| *name == ".env.production").count(),
        1
    );
    Ok(())
}
