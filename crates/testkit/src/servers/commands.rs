use std::sync::PoisonError;

use anyhow::Result;

use super::Server;
use crate::tool::{Output, Tool};

/// What is run on a server, and as whom.
impl Server {
    /// Runs a command there as root, through ssh, whatever its exit code. The arguments arrive as they are.
    ///
    /// # Errors
    /// When ssh cannot be started.
    pub fn exec(&self, args: &[&str]) -> Result<Output> {
        self.ssh.command(&self.name, args).finish()
    }

    /// As [`Server::exec`], and anything but exit code 0 is an error that holds what the command said. Gives what it
    /// put out, without white space around it.
    ///
    /// # Errors
    /// When the command fails or ssh does not get there.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        self.ssh.command(&self.name, args).run()
    }

    /// Runs a command there as root through this machine's Docker, so also when its line is cut.
    ///
    /// # Errors
    /// When Docker cannot be asked.
    pub fn docker_exec(&self, args: &[&str]) -> Result<Output> {
        Tool::docker(["exec", &self.container]).args(args).finish()
    }

    /// Makes a person's account there, a member of these groups (`sudo` asks for no password there, `docker` may use Docker),
    /// and gives its `Host` in the ssh config.
    ///
    /// # Errors
    /// When the account cannot be made.
    pub fn add_user(&self, user: &str, groups: &[&str]) -> Result<String> {
        let mut useradd = Tool::docker(["exec", &self.container, "useradd", "--create-home", "--shell", "/bin/bash"]);
        if !groups.is_empty() {
            useradd = useradd.args(["--groups", &groups.join(",")]);
        }
        useradd.arg(user).run()?;
        self.ssh.let_in(&self.container, user)?;
        let host = format!("{}-{user}", self.name);
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.push((user.to_owned(), host.clone()));
        let all: Vec<_> = users.iter().map(|(user, host)| (user.as_str(), host.as_str())).collect();
        self.ssh.write_config(&self.name, self.ip, &all)?;
        Ok(host)
    }

    /// As [`Server::exec`], as the person with this `Host`.
    ///
    /// # Errors
    /// As [`Server::exec`].
    pub fn exec_as(&self, host: &str, args: &[&str]) -> Result<Output> {
        self.ssh.command(host, args).finish()
    }
}
