//! A server on which there is nothing: `stapel host prepare` brings Docker and what the app expects, once a person has
//! agreed.

use std::time::Duration;

use testkit::{Flavour, Operator, Server};

/// An operator of convertik with this server.
fn operator(flavour: Flavour) -> Option<Operator> {
    if !testkit::ready().unwrap() {
        eprintln!("left out: host prepare on {flavour}");
        return None;
    }
    let server = Server::start(flavour, &format!("story-{flavour}")).unwrap();
    let operator = Operator::new(server, env!("CARGO_BIN_EXE_stapel")).unwrap();
    operator.has("1").unwrap();
    Some(operator)
}

/// Nobody has put anything there.
fn is_bare(server: &Server) {
    for path in ["/usr/bin/docker", "/usr/sbin/dockerd", "/opt/convertik", "/var/lib/stapel"] {
        assert!(!server.exec(&["test", "-e", path]).unwrap().ok(), "{path} is there");
    }
    let lists = server.run(&["find", "/var/lib/apt/lists", "-type", "f", "-name", "*Packages*"]).unwrap();
    assert_eq!(lists, "", "looking has changed what apt knows");
    assert_eq!(server.run(&["find", "/tmp", "-name", "stapel-apt-*"]).unwrap(), "");
}

fn story(flavour: Flavour) {
    let Some(operator) = operator(flavour) else { return };
    let server = operator.server();

    // Whoever begins without it is told of it.
    for args in [&["check"][..], &["plan"], &["deploy", "--yes"]] {
        let refused = operator.stapel(args).unwrap();
        assert_eq!(refused.code, 3, "{args:?}");
        assert!(refused.stderr.contains("stapel host prepare"), "{args:?}: {}", refused.stderr);
    }
    is_bare(server);

    // It is shown, and nothing is done where nobody agrees.
    let shown = operator.stapel(&["host", "prepare"]).unwrap();
    assert_eq!(shown.code, 2, "{}", shown.stderr);
    let (start, stop) = match flavour {
        Flavour::BareSystemd => {
            ("systemctl enable --now docker", &["systemctl", "stop", "docker.socket", "docker"][..])
        }
        _ => ("service docker start", &["service", "docker", "stop"][..]),
    };
    for command in ["apt-get update", "apt-get install --yes", start, "docker network create caddy"] {
        assert!(shown.stdout.contains(command), "{command} is not in {}", shown.stdout);
    }
    is_bare(server);

    // One who may not do it learns that before anything is done; with sudo he may.
    let host = format!("host = \"{}\"", server.name());
    let gina = format!("host = \"{}\"", server.add_user("gina", &["sudo"]).unwrap());
    operator.configure(&host, &gina).unwrap();
    let refused = operator.stapel(&["host", "prepare", "--yes"]).unwrap();
    assert!(refused.code == 3 && refused.stderr.contains("become = \"sudo\""), "{}", refused.stderr);
    is_bare(server);
    operator.configure(&gina, &format!("{gina}\nbecome = \"sudo\"")).unwrap();

    let said = operator.releases(&["host", "prepare", "--yes"], 0).unwrap();
    assert!(said.contains("✓ the network caddy is there") && said.contains("is ready"), "{said}");
    let version = server.run(&["docker", "version", "--format", "{{.Server.Version}}"]).unwrap();
    assert!(version.starts_with(flavour.docker_version()), "{version}");
    server.run(&[flavour.compose_command(), &["version"]].concat()).unwrap();
    server.run(&["docker", "network", "inspect", "caddy"]).unwrap();
    server.run(&["test", "-d", "/opt/convertik"]).unwrap();

    // A second time there is nothing to do, for people and for programs.
    let id = server.run(&["docker", "network", "inspect", "--format", "{{.Id}}", "caddy"]).unwrap();
    let said = operator.releases(&["host", "prepare"], 0).unwrap();
    assert!(said.contains("Nothing to do"), "{said}");
    let said = operator.releases(&["host", "prepare", "--json"], 0).unwrap();
    let found: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!((found["steps"].as_array().map(Vec::len), found["there"].as_array().map(Vec::len)), (Some(0), Some(4)));

    // What is missing is made, and what is there stays.
    server.run(stop).unwrap();
    let said = operator.releases(&["host", "prepare", "--yes"], 0).unwrap();
    assert!(said.contains("1/1 start Docker") || said.contains("1/2 start Docker"), "{said}");
    assert!(!said.contains("apt-get"), "{said}");
    // Also after the next boot.
    server.reboot().unwrap();
    let answers = || server.exec(&["docker", "info"]).is_ok_and(|out| out.ok());
    testkit::until_true("Docker answers after a boot", Duration::from_secs(60), answers).unwrap();
    assert_eq!(server.run(&["docker", "network", "inspect", "--format", "{{.Id}}", "caddy"]).unwrap(), id);

    server.run(&["docker", "network", "rm", "caddy"]).unwrap();
    // Whether each network is used, and called so there, the files here do not tell for certain: it advises.
    let said = operator.releases(&["check"], 0).unwrap();
    assert!(said.contains("[cli-network-missing]") && said.contains("stapel host prepare"), "{said}");
    let said = operator.releases(&["host", "prepare", "--yes"], 0).unwrap();
    assert!(said.contains("1/1 make the network caddy"), "{said}");

    // The app may come.
    let said = operator.releases(&["check"], 0).unwrap();
    assert!(said.contains("✓ the networks that others make are there"), "{said}");
    assert!(operator.releases(&["plan"], 0).unwrap().contains("convertik-api"));
    std::fs::remove_file(operator.checkout().join("stapel.toml")).unwrap();
    let said = operator.releases(&["init", "--host", server.name(), "--path", "/opt/convertik"], 0).unwrap();
    assert!(said.contains("convertik-api"), "{said}");
    operator.releases(&["plan"], 0).unwrap();
}

#[test]
fn a_bare_bookworm_is_prepared() {
    story(Flavour::BareBookworm);
}

#[test]
fn a_bare_server_with_systemd_is_prepared() {
    story(Flavour::BareSystemd);
}

#[test]
fn a_bare_trixie_is_prepared() {
    story(Flavour::BareTrixie);
}
