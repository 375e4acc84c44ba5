use stapel_engine::{Compose, EngineFacts};

use super::decide::decide;
use super::facts::{Daemon, Facts};
use super::packages::Packages;
use super::system::System;
use super::{Preparation, Step, Wanted};

const BOOKWORM: &str = "docker.io:\n  Installed: (none)\n  Candidate: 20.10.24+dfsg1-1\ndocker-compose:\n  Installed: (none)\n  Candidate: 1.29.2-3\n";
const JAMMY: &str = "docker.io:\n  Installed: (none)\n  Candidate: 28.2.2-0ubuntu1~22.04.1\ndocker-compose:\n  Candidate: 1.29.2-1\n\
                     docker-compose-v2:\n  Installed: (none)\n  Candidate: 2.37.1+ds1\n";

fn engine(version: &str, api: &str) -> Daemon {
    let id = String::new();
    let facts =
        EngineFacts { version: version.into(), api: api.into(), id, root: String::new(), containerd_images: false };
    Daemon::Answers(facts)
}

/// A bare Debian, root on it.
fn bare(packages: &str) -> Facts {
    Facts {
        system: System::read("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"),
        root: true,
        daemon: Daemon::Absent,
        compose: Vec::new(),
        packages: Packages::read(packages),
        complaint: None,
        systemd: true,
        networks: ["bridge".to_owned()].into(),
        directory: false,
        may_make: true,
    }
}

fn ready() -> Facts {
    Facts {
        daemon: engine("26.1.5", "1.45"),
        compose: Compose::of("docker compose", "2.26.1-4").into_iter().collect(),
        networks: ["caddy".to_owned()].into(),
        directory: true,
        ..bare("")
    }
}

fn wanted() -> Wanted {
    Wanted { docker: true, networks: vec!["caddy".into()], path: "/opt/shop".into(), only_networks: false }
}

#[test]
fn who_asks_for_networks_only_hears_of_nothing_else() {
    // Nobody is root, and the compose there does not suit.
    let facts = Facts { root: false, compose: Vec::new(), networks: ["bridge".to_owned()].into(), ..ready() };
    assert!(decide(&facts, &wanted()).is_err());
    let made = decide(&facts, &Wanted { only_networks: true, ..wanted() }).unwrap();
    assert_eq!((made.steps, made.left.len()), (vec![Step::Network { name: "caddy".into() }], 0));
}

fn decided(facts: &Facts) -> Preparation {
    decide(facts, &wanted()).unwrap()
}

fn refused(facts: &Facts) -> String {
    let problem = decide(facts, &wanted()).unwrap_err();
    assert_eq!(problem.class, stapel_text::Class::Refused);
    problem.code().to_owned()
}

fn network() -> Step {
    Step::Network { name: "caddy".into() }
}

fn directory() -> Step {
    Step::Directory { path: "/opt/shop".into() }
}

#[test]
fn a_bare_server_gets_all_of_it_in_order() {
    let made = decided(&bare(BOOKWORM));
    let packages = ["docker.io", "docker-compose"].map(str::to_owned).to_vec();
    let install = Step::Install { packages, brings: "docker.io 20.10.24+dfsg1-1, docker-compose 1.29.2-3".into() };
    assert_eq!(made.steps, [Step::Update, install.clone(), Step::Start { systemd: true }, network(), directory()]);
    assert!(made.there.is_empty() && made.left.is_empty());
    let command = install.command();
    assert_eq!((command[0].as_str(), command.last().map(String::as_str)), ("env", Some("docker-compose")));
    assert!(command.contains(&"--no-remove".to_owned()));

    let made = decided(&Facts { systemd: false, ..bare(JAMMY) });
    assert!(
        matches!(&made.steps[1], Step::Install { packages, .. } if *packages == ["docker.io", "docker-compose-v2"])
    );
    assert_eq!(made.steps[2].command(), ["service", "docker", "start"]);
}

#[test]
fn a_server_that_has_all_of_it_is_left_alone() {
    let made = decided(&ready());
    assert_eq!((made.steps.len(), made.there.len()), (0, 4));
    // Whoever the system is, and whoever asks.
    let other = Facts { system: System::read("ID=fedora\n"), root: false, ..ready() };
    assert_eq!(decided(&other), made);
}

#[test]
fn only_what_is_missing_is_made() {
    assert_eq!(decided(&Facts { networks: [].into(), ..ready() }).steps, [network()]);
    assert_eq!(decided(&Facts { directory: false, ..ready() }).steps, [directory()]);
    let silent = Facts { daemon: Daemon::Silent, networks: [].into(), ..ready() };
    assert_eq!(decided(&silent).steps, [Step::Start { systemd: true }, network()]);
}

#[test]
fn compose_is_brought_to_a_docker_that_stays() {
    let installed =
        "docker.io:\n  Installed: 20.10.24\n  Candidate: 20.10.24\ndocker-compose:\n  Candidate: 1.29.2-3\n";
    let without = Facts { daemon: engine("20.10.24", "1.41"), compose: Vec::new(), ..ready() };
    let made = decided(&Facts { packages: Packages::read(installed), ..without.clone() });
    assert!(
        matches!(&made.steps[..], [Step::Update, Step::Install { packages, .. }] if *packages == ["docker-compose"])
    );
    // The one that is there dies with this engine, and another is to be had.
    let old = Compose::of("docker-compose", "1.29.2").into_iter().collect::<Vec<_>>();
    let dies = Facts { compose: old, ..ready() };
    let made = decided(&Facts { packages: Packages::read(JAMMY), ..dies.clone() });
    assert!(matches!(&made.steps[1], Step::Install { packages, .. } if *packages == ["docker-compose-v2"]));
    // Or is not.
    assert_eq!(refused(&Facts { packages: Packages::read(installed), ..dies }), "agent-prepare-no-pair");
    let images = EngineFacts { containerd_images: true, ..facts_of(&without.daemon) };
    let images = Facts { daemon: Daemon::Answers(images), packages: Packages::read(installed), ..without };
    assert_eq!(refused(&images), "agent-prepare-no-pair");
}

fn facts_of(daemon: &Daemon) -> EngineFacts {
    match daemon {
        Daemon::Answers(facts) => facts.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is() {
    let fedora = Facts { system: System::read("ID=fedora\nNAME=Fedora\n"), ..bare("") };
    let problem = decide(&fedora, &wanted()).unwrap_err();
    assert_eq!(problem.code(), "agent-prepare-by-hand");
    assert!(problem.to_string().contains("Fedora"), "{problem}");
    assert_eq!(refused(&Facts { daemon: Daemon::Silent, ..fedora }), "agent-prepare-by-hand");
    assert_eq!(refused(&Facts { root: false, ..bare(BOOKWORM) }), "agent-prepare-needs-root");
    assert_eq!(
        refused(&Facts { root: false, may_make: false, directory: false, ..ready() }),
        "agent-prepare-needs-root"
    );
    // One who may use Docker, and whose own directory it is, needs no root.
    let own = Facts { root: false, networks: [].into(), directory: false, ..ready() };
    assert_eq!(decided(&own).steps, [network(), directory()]);
}

#[test]
fn why_apt_has_nothing_is_said() {
    let offline = Facts { complaint: Some("E: no route to host".into()), ..bare("") };
    let problem = decide(&offline, &wanted()).unwrap_err();
    assert_eq!(problem.code(), "agent-prepare-no-pair");
    assert!(problem.to_string().contains("no route to host"), "{problem}");
}

#[test]
fn a_name_that_nobody_can_tell_is_left_to_a_person() {
    let wanted = Wanted { networks: vec!["${NET}".into(), "-x".into(), "caddy".into()], ..wanted() };
    let made = decide(&ready(), &wanted).unwrap();
    assert_eq!((made.steps.len(), made.left.len()), (0, 2));
    assert_eq!(made.left[0].code(), "agent-prepare-network-unclear");
}

#[test]
fn an_app_without_docker_needs_its_directory_only() {
    let wanted = Wanted { docker: false, networks: Vec::new(), path: "/opt/shop".into(), only_networks: false };
    let made = decide(&Facts { system: System::read("ID=fedora\n"), ..bare("") }, &wanted).unwrap();
    assert_eq!(made.steps, [directory()]);
}
