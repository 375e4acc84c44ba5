//! The part of the crash matrix that every change must pass; `cargo xtask matrix` runs the rest.

use testkit::matrix::{Cell, Matrix};

/// On one server after the other. Chosen so that each fault is there, each story, all flavours, and boundaries before,
/// in and after the switch of traffic.
fn hold(cells: &[&str]) {
    if !testkit::ready().unwrap() {
        eprintln!("left out: the crash matrix");
        return;
    }
    let mut matrix = Matrix::new(env!("CARGO_BIN_EXE_stapel"), concat!(env!("CARGO_TARGET_TMPDIR"), "/matrix"));
    let verdicts = cells.iter().map(|name| matrix.run(&name.parse::<Cell>().unwrap()));
    let verdicts: Vec<_> = verdicts.inspect(|v| println!("{}", serde_json::to_string(v).unwrap())).collect();
    let failed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.ok).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn matrix_on_bookworm() {
    hold(&["deploy/bookworm/kill/9", "deploy/bookworm/dockerd/19", "comes-back/bookworm/database/31"]);
}

/// What brings recovery back without a process of ours is systemd's to do there.
#[test]
fn matrix_on_systemd() {
    hold(&["deploy/systemd/reboot/17", "deploy/systemd/kill-all/15"]);
}

#[test]
fn matrix_on_trixie() {
    hold(&["first/trixie/kill-all/15", "deploy/trixie/reboot/17", "deploy/trixie/disk/11", "rollback/trixie/ssh/13"]);
}
