use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stapel_wire::{AgentBinary, Agents, Host, SshOptions};
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

/// Says hello and then repeats what it is told.
pub(crate) const ECHO: &str = "#!/bin/sh\nread hello\necho STAPEL 1 0.1.0 abcd\nexec cat\n";

/// The number of a machine that this one is not.
pub(crate) const S390X: u8 = 22;

/// The beginning of an ELF program for this machine number.
pub(crate) fn elf(machine: u8) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(64, 0);
    program[16] = 2;
    program[18] = machine;
    program
}

/// An `sshd` of its own for each connection, behind `ProxyCommand`: no port that could be taken, nothing to end. Keys,
/// known hosts and the home directory at the other side are in a temporary directory.
pub(crate) struct Server {
    dir: TempDir,
}

impl Server {
    /// `None`, and a line that says so, where there is no `sshd`.
    pub(crate) fn new() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            println!("left out: {SSHD} is not installed");
            return None;
        }
        if rustix::process::geteuid().is_root() {
            // sshd wants it, and only the service of the distribution makes it.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let server = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(server.home()).unwrap();
        for key in ["host_key", "user_key", "stranger"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(server.path(key)).status();
            assert!(made.unwrap().success());
        }
        fs::copy(server.path("user_key.pub"), server.path("authorized_keys")).unwrap();
        let public = fs::read_to_string(server.path("host_key.pub")).unwrap();
        fs::write(server.path("known_hosts"), format!("web.example {public}")).unwrap();
        let dir = server.dir.path().display();
        let sshd = format!(
            "HostKey {dir}/host_key\nAuthorizedKeysFile {dir}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
             SetEnv HOME={dir}/home\n"
        );
        fs::write(server.path("sshd_config"), sshd).unwrap();
        server.client("user_key", "known_hosts");
        Some(server)
    }

    /// Writes the client's config with this key and this file of known hosts.
    pub(crate) fn client(&self, key: &str, known_hosts: &str) {
        let dir = self.dir.path().display();
        let config = format!(
            "Host web.example\nProxyCommand {SSHD} -i -f {dir}/sshd_config\nIdentityFile {dir}/{key}\nIdentitiesOnly yes\n\
             IdentityAgent none\nUserKnownHostsFile {dir}/{known_hosts}\nGlobalKnownHostsFile /dev/null\n\
             StrictHostKeyChecking yes\n"
        );
        fs::write(self.path("config"), config).unwrap();
    }

    pub(crate) fn options(&self) -> SshOptions {
        SshOptions { config: Some(self.path("config")), ..SshOptions::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The home directory at the other side.
    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The place of an agent at the other side.
    pub(crate) fn installed(&self, agent: &AgentBinary) -> PathBuf {
        self.home().join(".stapel/agents").join(agent.directory()).join("stapel")
    }

    pub(crate) fn agent(&self, program: &[u8]) -> AgentBinary {
        agent(&self.path("agent"), program)
    }
}

pub(crate) fn host() -> Host {
    Host::parse("web.example").unwrap()
}

/// This agent whatever the host is.
pub(crate) fn only(agent: &AgentBinary) -> Agents {
    Agents::only(agent.path())
}

/// Writes a program by another process: one that this process holds open for writing at the moment when another test
/// forks could not be run ("text file busy").
pub(crate) fn agent(path: &Path, program: &[u8]) -> AgentBinary {
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut writer.stdin.take().unwrap(), program).unwrap();
    assert!(writer.wait().unwrap().success());
    AgentBinary::at(path).unwrap()
}
