use std::fs;
use std::net::TcpListener;
use std::path::Path;

use stapel_text::Problem;
use stapel_wire::{Account, AgentBinary, Host, SshOptions, connect};

use crate::server::{ECHO, S390X, Server, agent, elf, host, only};

async fn refused(server: &Server, agent: &AgentBinary) -> Problem {
    connect(&host(), Account::Own, &only(agent), &server.options(), &|_, _| {}).await.err().unwrap()
}

#[tokio::test]
async fn a_key_that_is_not_accepted() {
    let Some(server) = Server::new() else { return };
    server.client("stranger", "known_hosts");
    let problem = refused(&server, &server.agent(ECHO.as_bytes())).await;
    assert_eq!(problem.code(), "wire-permission", "{problem}");
}

#[tokio::test]
async fn a_host_that_is_not_the_one_known() {
    let Some(server) = Server::new() else { return };
    let agent = server.agent(ECHO.as_bytes());
    let other = fs::read_to_string(server.path("stranger.pub")).unwrap();
    fs::write(server.path("changed"), format!("web.example {other}")).unwrap();
    for known in ["nobody", "changed"] {
        server.client("user_key", known);
        let problem = refused(&server, &agent).await;
        assert_eq!(problem.code(), "wire-host-key", "{problem}");
    }
}

#[tokio::test]
async fn a_host_where_nobody_listens() {
    let Some(server) = Server::new() else { return };
    let agent = server.agent(ECHO.as_bytes());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for destination in [format!("ssh://127.0.0.1:{port}"), "nowhere.invalid".into()] {
        let host = Host::parse(&destination).unwrap();
        let problem = connect(&host, Account::Own, &only(&agent), &server.options(), &|_, _| {}).await.err().unwrap();
        assert_eq!(problem.code(), "wire-unreachable", "{problem}");
        assert!(problem.to_string().contains(&destination), "{problem}");
    }
}

#[tokio::test]
async fn a_program_for_another_machine_is_not_even_brought() {
    let Some(server) = Server::new() else { return };
    let agent = server.agent(&elf(S390X));
    let problem = refused(&server, &agent).await;
    assert_eq!(
        problem.code(),
        if cfg!(target_arch = "s390x") { "wire-agent-cannot-run" } else { "wire-machine-unfit" }
    );
    assert!(!server.installed(&agent).exists());
}

#[tokio::test]
async fn a_program_that_does_not_run_there() {
    let Some(server) = Server::new() else { return };
    let agent = server.agent(b"#!/no/such/interpreter\n");
    let problem = refused(&server, &agent).await;
    assert_eq!(problem.code(), "wire-agent-cannot-run", "{problem}");
}

#[tokio::test]
async fn an_account_that_may_not_run_anything() {
    let Some(server) = Server::new() else { return };
    let config = server.path("sshd_config");
    let closed = "ForceCommand echo 'This account is currently not available.'; exit 1\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + closed).unwrap();
    let problem = refused(&server, &server.agent(ECHO.as_bytes())).await;
    assert_eq!(problem.code(), "wire-shell", "{problem}");
    assert!(problem.to_string().contains("not available"), "{problem}");
}

#[tokio::test]
async fn an_agent_of_another_protocol() {
    let Some(server) = Server::new() else { return };
    let problem = refused(&server, &server.agent(b"#!/bin/sh\necho STAPEL 2 9.0.0 ab\nexec cat\n")).await;
    assert_eq!(problem.code(), "wire-protocol", "{problem}");
}

#[tokio::test]
async fn a_local_program_that_is_no_agent() {
    let dir = tempfile::tempdir().unwrap();
    let local = async |agent: &AgentBinary| {
        connect(&Host::LOCAL, Account::Own, &only(agent), &SshOptions::default(), &|_, _| {}).await.err().unwrap()
    };
    let program = agent(&dir.path().join("agent"), b"#!/bin/sh\necho '\x1b[31mno such command' >&2\nexit 2\n");
    let problem = local(&program).await;
    assert_eq!(problem.code(), "wire-local-failed");
    assert!(problem.to_string().contains("\u{fffd}[31mno such command"), "{problem}");
    fs::remove_file(Path::new(program.path())).unwrap();
    assert_eq!(local(&program).await.code(), "io-failed");
}
