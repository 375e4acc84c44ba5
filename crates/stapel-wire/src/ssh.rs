use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use tokio::process::Command;

/// How the system's `ssh` is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SshOptions {
    /// Another config file instead of the user's (`-F`).
    pub config: Option<PathBuf>,
    /// Further arguments, before ours, so that they win: `ssh` takes the first value of an option.
    pub extra: Vec<OsString>,
    /// Whether there is a person at a terminal whom `ssh` may ask for a password or about a host key.
    pub interactive: bool,
    /// Variables of the environment that are kept from `ssh`, and from an agent on this machine: what they hold travels apart.
    pub hidden: Vec<String>,
}

impl SshOptions {
    /// Options as the environment has them: the config file from `STAPEL_SSH_CONFIG`, questions if there is a terminal.
    #[must_use]
    pub fn from_env() -> Self {
        let config = std::env::var_os("STAPEL_SSH_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
        let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { config, extra: Vec::new(), interactive, hidden: Vec::new() }
    }

    /// The arguments that run `command` at `destination`.
    pub(crate) fn args(&self, destination: &str, command: &str) -> Vec<OsString> {
        let mut args: Vec<OsString> = self.extra.clone();
        if let Some(config) = &self.config {
            args.extend(["-F".into(), config.into()]);
        }
        args.push("-T".into());
        // A line that is dead is noticed within 30 s; forwards and commands that the user's config has for this host are
        // for people's own sessions.
        let mut options = vec![
            "ServerAliveInterval=5",
            "ServerAliveCountMax=6",
            "ConnectTimeout=20",
            "ClearAllForwardings=yes",
            "RemoteCommand=none",
        ];
        if !self.interactive {
            options.push("BatchMode=yes");
        }
        args.extend(options.into_iter().flat_map(|o| ["-o".into(), o.into()]));
        args.extend(["--".into(), destination.into(), command.into()]);
        args
    }

    /// Takes what is hidden out of a command's environment.
    pub(crate) fn hide(&self, command: &mut Command) {
        for name in &self.hidden {
            command.env_remove(name);
        }
    }

    pub(crate) fn command(&self, destination: &str, command: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(self.args(destination, command));
        self.hide(&mut ssh);
        if !self.interactive {
            // Ctrl-C is for us, and we say goodbye in order. One who may ask has to stay in the terminal's foreground.
            ssh.process_group(0);
        }
        ssh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(options: &SshOptions) -> String {
        let args: Vec<_> =
            options.args("deploy@web.example", "sh -c 'x'").iter().map(|a| a.to_string_lossy().into_owned()).collect();
        args.join(" ")
    }

    #[test]
    fn nobody_is_asked_unless_there_is_somebody() {
        assert!(shown(&SshOptions::default()).contains("-o BatchMode=yes"));
        assert!(!shown(&SshOptions { interactive: true, ..SshOptions::default() }).contains("BatchMode"));
    }

    #[test]
    fn the_destination_can_never_be_an_option_and_the_users_arguments_come_first() {
        let options = SshOptions {
            config: Some("/etc/x".into()),
            extra: vec!["-p".into(), "22".into()],
            ..SshOptions::default()
        };
        let shown = shown(&options);
        assert!(shown.starts_with("-p 22 -F /etc/x -T "), "{shown}");
        assert!(shown.ends_with(" -- deploy@web.example sh -c 'x'"), "{shown}");
    }
}
