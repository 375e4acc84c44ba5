use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use stapel_text::{Catalogue, Lang};
use stapel_wire::{Account, Agents, Host, Session, SshOptions, connect};

use crate::server::{ECHO, S390X, Server, agent, elf, host, only};

async fn echoes(mut session: Session) {
    session.connection.send("привет").await.unwrap();
    session.connection.send_content(&[0, 255, b'\n', b'\r', 4, 26]).await.unwrap();
    assert_eq!(session.connection.recv_as::<String>().await.unwrap().unwrap(), "привет");
    assert_eq!(&session.connection.recv().await.unwrap().unwrap().payload[..], [0, 255, b'\n', b'\r', 4, 26]);
    assert_eq!(session.peer.build, "abcd");
    let ended = session.close().await;
    assert_eq!((ended.code, ended.said.as_str()), (0, ""));
}

#[tokio::test]
async fn the_agent_is_brought_once_and_then_only_started() {
    let Some(server) = Server::new() else { return };
    // Larger than any pipe, so that it does not go in one write.
    let program = format!("{ECHO}#{}\n", "x".repeat(1 << 20));
    let agent = server.agent(program.as_bytes());
    let seen = Mutex::new(Vec::new());
    let progress = |done, total| seen.lock().unwrap().push((done, total));

    echoes(connect(&host(), Account::Own, &only(&agent), &server.options(), &progress).await.unwrap()).await;
    assert_eq!(fs::read(server.installed(&agent)).unwrap(), program.as_bytes());
    {
        let mut seen = seen.lock().unwrap();
        assert!(seen.is_sorted() && seen.len() > 2, "{seen:?}");
        assert_eq!((seen[0], *seen.last().unwrap()), ((0, agent.size()), (agent.size(), agent.size())));
        seen.clear();
    }
    echoes(connect(&host(), Account::Own, &only(&agent), &server.options(), &progress).await.unwrap()).await;
    assert!(seen.lock().unwrap().is_empty(), "it was there");
}

#[tokio::test]
async fn one_that_is_not_whole_is_brought_again() {
    let Some(server) = Server::new() else { return };
    let agent = server.agent(ECHO.as_bytes());
    let there = server.installed(&agent);
    fs::create_dir_all(there.parent().unwrap()).unwrap();
    // Half of it, and as much as it but not it.
    for damaged in [&ECHO.as_bytes()[..20], &b"#".repeat(ECHO.len())] {
        fs::write(&there, damaged).unwrap();
        fs::set_permissions(&there, fs::Permissions::from_mode(0o755)).unwrap();
        let brought = Mutex::new(false);
        let progress = |_, _| *brought.lock().unwrap() = true;
        let session = connect(&host(), Account::Own, &only(&agent), &server.options(), &progress).await.unwrap();
        echoes(session).await;
        assert!(*brought.lock().unwrap());
        assert_eq!(fs::read(&there).unwrap(), ECHO.as_bytes());
    }
}

#[tokio::test]
async fn the_build_for_the_host_is_brought_where_the_program_itself_does_not_suit() {
    let Some(server) = Server::new() else { return };
    let own = server.agent(&elf(S390X));
    let bundle = server.path("agents");
    let uname = rustix::system::uname();
    let machine = format!("{}-{}", uname.sysname().to_string_lossy(), uname.machine().to_string_lossy());
    fs::create_dir_all(bundle.join(&machine)).unwrap();
    let agents = Agents::of(own.path(), &bundle);
    let refused = connect(&host(), Account::Own, &agents, &server.options(), &|_, _| {}).await.err().unwrap();
    assert_eq!(refused.code(), "wire-machine-unfit");
    let place = bundle.join(machine).join("stapel");
    let shown = Catalogue::new(Lang::En).problem(&refused);
    assert!(shown.remedy.contains(place.to_str().unwrap()), "{}", shown.remedy);

    let suiting = agent(&place, ECHO.as_bytes());
    for times in [1, 2] {
        let brought = Mutex::new(false);
        let progress = |_, _| *brought.lock().unwrap() = true;
        echoes(connect(&host(), Account::Own, &agents, &server.options(), &progress).await.unwrap()).await;
        assert!(server.installed(&suiting).exists() && !server.installed(&own).exists());
        assert_eq!(*brought.lock().unwrap(), times == 1);
    }
}

#[tokio::test]
async fn what_login_scripts_print_does_not_matter() {
    let Some(server) = Server::new() else { return };
    // Debian's bash reads this file under sshd although it is not interactive.
    fs::write(server.home().join(".bashrc"), "echo Welcome\necho oops >&2\nprintf 'no line break'\n").unwrap();
    let agent = server.agent(ECHO.as_bytes());
    let mut session = connect(&host(), Account::Own, &only(&agent), &server.options(), &|_, _| {}).await.unwrap();
    session.connection.send(&1).await.unwrap();
    assert_eq!(session.connection.recv_as::<i32>().await.unwrap(), Some(1));
}

#[tokio::test]
async fn an_agent_that_dies_is_noticed_with_its_last_words() {
    let Some(server) = Server::new() else { return };
    let program = b"#!/bin/sh\nread hello\necho STAPEL 1 0.1.0 abcd\necho 'thread panicked' >&2\nexit 101\n";
    let agent = server.agent(program);
    let mut session = connect(&host(), Account::Own, &only(&agent), &server.options(), &|_, _| {}).await.unwrap();
    assert_eq!(session.connection.recv().await, Ok(None));
    let ended = session.close().await;
    assert_eq!((ended.code, ended.said.as_str()), (101, "thread panicked"));
}

#[tokio::test]
async fn this_machine_needs_no_ssh() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(&dir.path().join("agent"), ECHO.as_bytes());
    echoes(connect(&Host::LOCAL, Account::Own, &only(&agent), &SshOptions::default(), &|_, _| {}).await.unwrap()).await;
}
