use anyhow::{Context, Result, ensure};

use super::Server;

/// A process on a server, those in its containers among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number there.
    pub pid: u32,
    /// Its state as `ps` writes it: `T` for one that is stopped, `Z` for one that only waits to be buried.
    pub stat: String,
    /// Program and arguments, separated by spaces.
    pub args: String,
}

impl Process {
    /// Whether it is stopped by a signal.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stat.starts_with('T')
    }

    /// Whether it is Stapel on the host in this role: `release`, `guard`, `recover`, `serve`.
    #[must_use]
    pub fn is_agent(&self, role: &str) -> bool {
        let mut words = self.args.split_whitespace().skip_while(|word| !word.ends_with("/stapel")).skip(1);
        words.next() == Some("agent") && words.next().is_some_and(|word| role.is_empty() || word == role)
    }

    fn parse(line: &str) -> Result<Self> {
        let mut words = line.split_whitespace();
        let pid = words.next().and_then(|word| word.parse().ok()).with_context(|| format!("ps said {line:?}"))?;
        let stat = words.next().unwrap_or_default().to_owned();
        Ok(Self { pid, stat, args: words.collect::<Vec<_>>().join(" ") })
    }
}

impl Server {
    /// All its processes. Asked through this machine's Docker, so also while its line is cut.
    ///
    /// # Errors
    /// When it does not run.
    pub fn processes(&self) -> Result<Vec<Process>> {
        let out = self.docker_exec(&["ps", "-e", "-ww", "-o", "pid=,stat=,args="])?;
        ensure!(out.ok(), "ps on {}: {}", self.name, out.stderr.trim());
        out.stdout.lines().map(Process::parse).collect()
    }

    /// Sends these processes a signal, `KILL` or `CONT` say. One that is gone meanwhile is well.
    ///
    /// # Errors
    /// When Docker cannot be asked.
    pub fn signal(&self, signal: &str, processes: &[Process]) -> Result<()> {
        let pids: Vec<String> = processes.iter().map(|process| process.pid.to_string()).collect();
        let mut kill = vec!["kill", "-s", signal];
        kill.extend(pids.iter().map(String::as_str));
        if !pids.is_empty() {
            self.docker_exec(&kill)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_an_agent_are_told_apart() {
        let release =
            Process::parse("  17 Tl   /root/.stapel/agents/0.1.0-ab/stapel agent release /var/x.order").unwrap();
        assert!(release.is_stopped() && release.is_agent("release") && release.is_agent(""));
        assert!(!release.is_agent("guard"));
        let cron = Process::parse("9 S /bin/sh -c /opt/stapel agent recover /var/lib/stapel/ab").unwrap();
        assert!(cron.is_agent("recover"));
        assert!(!Process::parse("9 S vi agent release").unwrap().is_agent(""));
        assert!(Process::parse("").is_err());
    }
}
