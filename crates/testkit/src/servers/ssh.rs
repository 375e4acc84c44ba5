use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::place::private_dir;
use crate::tool::Tool;
use crate::wait::until;

/// The files with which `ssh` finds one server and is sure of it.
#[derive(Debug)]
pub(super) struct Ssh {
    dir: PathBuf,
}

impl Ssh {
    /// Makes a new client key, lets it in as root, and learns the server's key through Docker, that is for certain.
    pub(super) fn introduce(dir: PathBuf, name: &str, container: &str, ip: Ipv4Addr) -> Result<Self> {
        let ssh = Self { dir: private_dir(dir)? };
        Tool::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "testkit", "-f"]).arg(ssh.key()).run()?;
        let host_key = until("the server has a host key", Duration::from_secs(60), || {
            let read = Tool::docker(["exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub"]).finish()?;
            // Two words and a comment; before its last byte is written it may be cut short.
            Ok((read.ok() && read.stdout.ends_with('\n')).then_some(read.stdout))
        })?;
        let mut words = host_key.split_whitespace();
        let (kind, key) = (words.next().context("no host key")?, words.next().context("half a host key")?);
        std::fs::write(ssh.known_hosts(), format!("{name},{ip} {kind} {key}\n"))?;
        ssh.let_in(container, "root")?;
        ssh.write_config(name, ip, &[("root", name)])?;
        Ok(ssh)
    }

    /// Lets this client in as that user of the server.
    pub(super) fn let_in(&self, container: &str, user: &str) -> Result<()> {
        let public = std::fs::File::open(self.key().with_extension("pub"))?;
        let script = "umask 077; home=$(getent passwd \"$1\" | cut -d: -f6); mkdir -p \"$home/.ssh\"; \
                      cat >>\"$home/.ssh/authorized_keys\"; chown -R \"$1:\" \"$home/.ssh\"";
        Tool::docker(["exec", "--interactive", container, "sh", "-c", script, "let-in", user]).input(public).run()?;
        Ok(())
    }

    /// Writes the config with a `Host` for each of these users.
    pub(super) fn write_config(&self, name: &str, ip: Ipv4Addr, users: &[(&str, &str)]) -> Result<()> {
        let mut text = String::new();
        for (user, host) in users {
            write!(
                text,
                "Host {host}\n  HostName {ip}\n  User {user}\n  HostKeyAlias {name}\n  IdentityFile \"{}\"\n  \
                 UserKnownHostsFile \"{}\"\n",
                self.key().display(),
                self.known_hosts().display()
            )?;
            text.push_str(
                "  IdentitiesOnly yes\n  IdentityAgent none\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  \
                 ControlMaster no\n  ControlPath none\n  BatchMode yes\n  ConnectTimeout 10\n  LogLevel ERROR\n",
            );
        }
        // Renamed into place: another thread's ssh never reads half of it.
        let draft = self.dir.join("config.new");
        std::fs::write(&draft, text)?;
        Ok(std::fs::rename(draft, self.config())?)
    }

    /// The config for `ssh -F`.
    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// `ssh` to this host with these arguments, each of which arrives as it is.
    pub(super) fn command(&self, host: &str, args: &[&str]) -> Tool {
        let remote: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
        Tool::new("ssh").arg("-F").arg(self.config()).args([host, "--"]).arg(remote.join(" "))
    }

    /// What `rsync` is to reach the server with.
    pub(super) fn for_rsync(&self) -> String {
        format!("ssh -F '{}'", self.config().display())
    }

    /// Where all of this lies.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn key(&self) -> PathBuf {
        self.dir.join("key")
    }

    fn known_hosts(&self) -> PathBuf {
        self.dir.join("known_hosts")
    }
}

/// An argument as the shell at the other end, which ssh cannot do without, takes it literally.
fn quoted(arg: &str) -> String {
    format!("'{}'", arg.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_argument_literally() {
        let nasty = "it's $(id) \"; `x`\n*";
        let out = Tool::new("sh").args(["-c", &format!("printf %s {}", quoted(nasty))]).finish().unwrap();
        assert_eq!(out.stdout, nasty);
    }
}
