//! What is run on a host: fixed scripts for `sh`, given as one quoted word to whatever login shell the user has there
//! (bash, dash, zsh, fish, csh). Only the agent's version and hash are put in. No single quote, backslash, exclamation
//! mark or line break may be in them: these are what the shells disagree about.

use crate::AgentBinary;

/// The agent is not there.
pub(crate) const ABSENT: i32 = 97;
/// The file cannot be written.
pub(crate) const CANNOT_WRITE: i32 = 98;
/// What arrived is not what was sent.
pub(crate) const WRONG_HASH: i32 = 96;
/// Neither `sha256sum` nor `shasum` is there.
pub(crate) const NO_HASHER: i32 = 95;

/// Begins the line on stderr that names the machine.
pub(crate) const MACHINE: &str = "stapel-host: ";

const START: &str = concat!(
    r#"a="$HOME/.stapel/agents/NAME/stapel"; "#,
    r#"echo "stapel-host: $(uname -sm)" >&2; "#,
    r#"test -x "$a" || exit 97; "#,
    r#"exec "$a" agent serve"#
);

/// Takes the program on standard input. A connection that breaks looks like the end of the file, and the hash tells. Then
/// of the other builds the newest are kept, and those that run: by their command line, which everybody may read, or by
/// their file, which also names one that was started otherwise. Without /proc nothing is removed.
const BRING: &str = concat!(
    r#"LC_ALL=C; export LC_ALL; umask 077; r="$HOME/.stapel/agents"; d="$r/NAME"; "#,
    r#"mkdir -p "$d" || exit 98; "#,
    r#"t="$d/.stapel-$$.tmp"; clean() { rm -f "$t"; }; trap clean EXIT; trap "exit 98" HUP INT TERM; "#,
    r#"cat > "$t" || exit 98; "#,
    r#"if command -v sha256sum > /dev/null 2>&1; then s=$(sha256sum < "$t"); "#,
    r#"elif command -v shasum > /dev/null 2>&1; then s=$(shasum -a 256 < "$t"); else exit 95; fi; "#,
    r#"test "${s%% *}" = HASH || exit 96; "#,
    r#"chmod 755 "$t" || exit 98; sync "$t" 2> /dev/null || sync; "#,
    r#"mv -f "$t" "$d/stapel" || exit 98; sync "$d" 2> /dev/null || sync; "#,
    r#"( cd "$r" && test -d /proc/self && n=0 && for v in $(ls -1t); do "#,
    r#"n=$((n+1)); test "$n" -gt 3 || continue; test -f "$v/stapel" || continue; "#,
    r#"echo "agents/$v/stapel" | grep -q -F -f - /proc/[0-9]*/cmdline && continue; "#,
    r#"ls -l /proc/[0-9]*/exe | grep -q -F "agents/$v/stapel" && continue; "#,
    r#"rm -f "$v/stapel" "$v"/.stapel-*.tmp; rmdir "$v"; done ) > /dev/null 2>&1; "#,
    r#"exit 0"#
);

/// Starts the agent, or ends with [`ABSENT`].
pub(crate) fn start(agent: &AgentBinary) -> String {
    quoted(START, agent)
}

/// Puts the program on standard input in its place.
pub(crate) fn bring(agent: &AgentBinary) -> String {
    quoted(BRING, agent)
}

fn quoted(script: &str, agent: &AgentBinary) -> String {
    format!("sh -c '{}'", script.replace("NAME", &agent.directory()).replace("HASH", agent.sha256()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    use super::*;

    const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "tcsh", "busybox"];

    struct Home {
        dir: tempfile::TempDir,
        agent: AgentBinary,
    }

    impl Home {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("program");
            fs::write(&path, "#!/bin/sh\necho \"I am $0 $*\"\n").unwrap();
            Self { agent: AgentBinary::at(path).unwrap(), dir }
        }

        fn agents(&self) -> PathBuf {
            self.dir.path().join(".stapel/agents")
        }

        fn installed(&self) -> PathBuf {
            self.agents().join(self.agent.directory()).join("stapel")
        }

        /// As sshd does it: the login shell gets the command as one word.
        fn run(&self, shell: &str, command: &str, input: &Path) -> Option<Output> {
            let mut login = Command::new(shell);
            if shell == "busybox" {
                login.arg("sh");
            }
            login.arg("-c").arg(command).env("HOME", self.dir.path());
            login.stdin(Stdio::from(fs::File::open(input).unwrap())).output().ok()
        }

        fn bring(&self) -> Option<i32> {
            self.run("sh", &bring(&self.agent), self.agent.path()).unwrap().status.code()
        }
    }

    #[test]
    fn nothing_is_in_them_that_shells_disagree_about() {
        let agent = Home::new().agent;
        for command in [start(&agent), bring(&agent)] {
            let inner = command.strip_prefix("sh -c '").and_then(|c| c.strip_suffix('\'')).unwrap();
            assert!(!inner.contains(['\'', '\\', '!', '\n']), "{inner}");
            assert!(!inner.contains("NAME") && !inner.contains("HASH"), "{inner}");
        }
        assert!(START.contains(MACHINE));
    }

    #[test]
    fn every_login_shell_here_runs_them() {
        for shell in SHELLS {
            let home = Home::new();
            let null = Path::new("/dev/null");
            let Some(absent) = home.run(shell, &start(&home.agent), null) else {
                println!("left out: {shell} is not installed");
                continue;
            };
            assert_eq!(absent.status.code(), Some(ABSENT), "{shell}: {absent:?}");
            assert!(String::from_utf8_lossy(&absent.stderr).contains(MACHINE), "{shell}");
            let brought = home.run(shell, &bring(&home.agent), home.agent.path()).unwrap();
            assert_eq!(brought.status.code(), Some(0), "{shell}: {brought:?}");
            let started = home.run(shell, &start(&home.agent), null).unwrap();
            let said = String::from_utf8_lossy(&started.stdout).into_owned();
            assert_eq!(said.trim(), format!("I am {} agent serve", home.installed().display()), "{shell}");
        }
    }

    #[test]
    fn a_broken_line_leaves_nothing() {
        let home = Home::new();
        let half = home.dir.path().join("half");
        fs::write(&half, "#!/bin/sh\nec").unwrap();
        let output = home.run("sh", &bring(&home.agent), &half).unwrap();
        assert_eq!(output.status.code(), Some(WRONG_HASH));
        let dir = home.installed().parent().unwrap().to_owned();
        assert_eq!(fs::read_dir(dir).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_said_so() {
        let home = Home::new();
        fs::write(home.dir.path().join(".stapel"), "a file").unwrap();
        assert_eq!(home.bring(), Some(CANNOT_WRITE));
    }

    #[test]
    fn old_builds_go_but_for_the_newest_three_and_those_that_run() {
        let home = Home::new();
        let old = |n: u64| {
            let dir = home.agents().join(format!("0.0.{n}-00"));
            fs::create_dir_all(&dir).unwrap();
            // By another process: what this one holds open for writing while another test forks is busy and cannot run.
            assert!(Command::new("cp").arg("/bin/sleep").arg(dir.join("stapel")).status().unwrap().success());
            let age = std::time::SystemTime::now() - std::time::Duration::from_secs(1000 - n);
            fs::File::open(&dir).unwrap().set_modified(age).unwrap();
            dir
        };
        let dirs: Vec<_> = (1..=5).map(old).collect();
        let stray = home.agents().join("0.0.0-notes");
        fs::create_dir(&stray).unwrap();
        let mut running = Command::new(dirs[0].join("stapel")).arg("1000").spawn().unwrap();
        assert_eq!(home.bring(), Some(0));
        running.kill().unwrap();
        running.wait().unwrap();
        // The one brought is the newest, then the stray directory that is not ours.
        let left: Vec<_> = dirs.iter().map(|d| d.exists()).collect();
        assert_eq!(left, [true, false, false, false, true]);
        assert!(stray.exists());
        assert!(home.installed().exists());
    }
}
