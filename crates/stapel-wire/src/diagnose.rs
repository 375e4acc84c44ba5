//! Why there is no connection, told from exit codes and from what `ssh` says, which it says in English everywhere.

use std::path::Path;

use stapel_text::{Problem, Text, Value, problem, text};

use crate::script::{CANNOT_WRITE, NO_HASHER, NO_PLACE, NO_SUDO, SUDO_REFUSES, WRONG_HASH};
use crate::{AgentBinary, Ended, Host};

/// `ssh` itself failed; everything else is the exit code of what it ran.
pub(crate) const SSH_FAILED: i32 = 255;

/// What the system says when a disk or a share of it is full.
const FULL: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

pub(crate) fn no_ssh(error: &std::io::Error) -> Problem {
    problem!(Refused, "wire-no-ssh", error = error)
}

/// The build that there is does not run there; `place` is where one that does is looked for.
pub(crate) fn machine_unfit(host: &Host, machine: &str, agent: &AgentBinary, place: &Path) -> Problem {
    problem!(
        Refused,
        "wire-machine-unfit",
        host = host.to_string(),
        machine = machine,
        agent = agent.machine().name(),
        place = place.display()
    )
}

/// `sudo` did not start the agent for this user; `None` where it is not known who that is.
pub(crate) fn sudo(host: &Host, user: Option<&str>, said: &str) -> Problem {
    let (host, user) = (host.to_string(), user.unwrap_or("USER"));
    // The words of sudo and of sudo-rs.
    let asks = ["password is required", "authentication is required", "authentication required"];
    if asks.iter().any(|words| said.contains(words)) {
        problem!(Refused, "wire-sudo-password", host = host, user = user, said = said)
    } else {
        problem!(Refused, "wire-sudo-refused", host = host, user = user, said = said)
    }
}

pub(crate) fn no_sudo(host: &Host) -> Problem {
    problem!(Refused, "wire-no-sudo", host = host.to_string())
}

/// No hello came.
pub(crate) fn silence(
    host: &Host,
    ended: &Ended,
    machine: Option<&str>,
    user: Option<&str>,
    instead: Problem,
) -> Problem {
    match machine {
        None if ended.code == SSH_FAILED => ssh(host, &ended.said),
        Some(_) if ended.code == SUDO_REFUSES => sudo(host, user, &ended.said),
        Some(_) if ended.code == NO_SUDO => no_sudo(host),
        // Our script never began.
        None => problem!(Refused, "wire-shell", host = host.to_string(), code = ended.code, said = &ended.said)
            .because(instead),
        Some(_) if ended.code == SSH_FAILED => ssh(host, &ended.said),
        Some(machine) => problem!(
            Refused,
            "wire-agent-cannot-run",
            host = host.to_string(),
            machine = machine,
            code = ended.code,
            said = &ended.said
        ),
    }
}

/// The agent could not be brought; `places` is what was said about those that will not do.
pub(crate) fn bringing(host: &Host, ended: &Ended, places: &[String]) -> Problem {
    let (host_name, said) = (host.to_string(), &ended.said);
    let full = FULL.iter().any(|words| said.contains(words));
    match ended.code {
        SSH_FAILED => ssh(host, said),
        WRONG_HASH => problem!(Refused, "wire-arrived-damaged", host = host_name),
        NO_HASHER => problem!(Refused, "wire-no-hasher", host = host_name),
        NO_PLACE => {
            let full = full || places.iter().any(|p| FULL.iter().any(|words| p.contains(words)));
            let places = together(places.iter().map(|p| place(p)));
            if full {
                problem!(Refused, "wire-no-space", host = host_name, said = places)
            } else {
                problem!(Refused, "wire-no-place", host = host_name, places = places)
            }
        }
        _ if full => problem!(Refused, "wire-no-space", host = host_name, said = said),
        CANNOT_WRITE => problem!(Refused, "wire-cannot-write", host = host_name, said = said),
        code => problem!(Refused, "wire-shell", host = host_name, code = code, said = said),
    }
}

/// A line about a place: a word for the reason, the place, what was said.
fn place(line: &str) -> Text {
    let mut parts = line.splitn(3, '|');
    let mut next = || parts.next().unwrap_or_default();
    let (reason, path, said) = (next(), next(), next());
    match reason {
        "missing" => text!("wire-place-missing", path = path),
        "foreign" => text!("wire-place-foreign", path = path),
        "noexec" => text!("wire-place-noexec", path = path),
        _ => text!("wire-place-write", path = path, said = said),
    }
}

/// Several texts as one, a line each.
fn together(texts: impl Iterator<Item = Text>) -> Value {
    texts.reduce(|all, next| text!("wire-places", first = all, next = next)).map_or_else(|| "?".into(), Value::from)
}

/// `ssh` could not connect.
fn ssh(host: &Host, said: &str) -> Problem {
    let host = host.to_string();
    let says = |words: &[&str]| words.iter().any(|w| said.contains(w));
    // The key comes first: after that message ssh may complain about more.
    if says(&[
        "Host key verification failed",
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "No matching host key fingerprint",
    ]) {
        problem!(Refused, "wire-host-key", host = host, said = said)
    } else if says(&["Permission denied", "Too many authentication failures", "No supported authentication methods"]) {
        problem!(Refused, "wire-permission", host = host, said = said)
    } else if says(&[
        "Could not resolve hostname",
        "Connection refused",
        "timed out",
        "No route to host",
        "Network is unreachable",
        "Host is down",
        "Connection closed by",
        "Connection reset by",
        "not responding",
    ]) {
        problem!(Refused, "wire-unreachable", host = host, said = said)
    } else {
        problem!(Refused, "wire-ssh-failed", host = host, said = said)
    }
}

#[cfg(test)]
mod tests {
    use stapel_text::{Catalogue, Lang};

    use super::*;

    fn code(code: i32, said: &str) -> String {
        bringing(&Host::parse("web").unwrap(), &Ended { code, said: said.into() }, &[]).code().to_owned()
    }

    #[test]
    fn what_ssh_says_decides() {
        for (said, expected) in [
            ("ssh: Could not resolve hostname web: Name or service not known", "wire-unreachable"),
            ("ssh: connect to host web port 22: Connection refused", "wire-unreachable"),
            ("Connection timed out during banner exchange", "wire-unreachable"),
            ("root@web: Permission denied (publickey,password).", "wire-permission"),
            ("Host key verification failed.", "wire-host-key"),
            ("command-line: line 0: Bad configuration option: x", "wire-ssh-failed"),
        ] {
            assert_eq!(code(255, said), expected, "{said}");
        }
    }

    #[test]
    fn the_scripts_exit_codes_decide() {
        assert_eq!(code(WRONG_HASH, ""), "wire-arrived-damaged");
        assert_eq!(code(NO_HASHER, ""), "wire-no-hasher");
        assert_eq!(code(CANNOT_WRITE, "cat: write error: No space left on device"), "wire-no-space");
        assert_eq!(code(CANNOT_WRITE, "mkdir: Read-only file system"), "wire-cannot-write");
        assert_eq!(code(1, "This account is currently not available."), "wire-shell");
    }

    #[test]
    fn each_place_that_will_not_do_is_named_with_its_reason() {
        let host = Host::parse("web").unwrap();
        let ended = Ended { code: NO_PLACE, said: String::new() };
        let lines = ["noexec|/home/a|", "foreign|/var/tmp/b|", "write|/var/lib/c|mkdir: Read-only | file system"];
        let problem = bringing(&host, &ended, &lines.map(str::to_owned));
        assert_eq!(problem.code(), "wire-no-place");
        for lang in Lang::ALL {
            let said = Catalogue::new(lang).problem(&problem).message;
            for words in ["/home/a", "noexec", "/var/tmp/b", "/var/lib/c", "mkdir: Read-only | file system"] {
                assert!(said.contains(words), "{said}");
            }
        }
        let full = ["missing|/home/a|".to_owned(), "write|/var/lib/c|mkdir: No space left on device".to_owned()];
        assert_eq!(bringing(&host, &ended, &full).code(), "wire-no-space");
    }

    #[test]
    fn a_sudo_that_asks_is_told_from_one_that_forbids() {
        let host = Host::parse("web").unwrap();
        let problem = |said: &str| sudo(&host, Some("anna"), said);
        for asks in ["sudo: a password is required", "sudo: interactive authentication is required"] {
            assert_eq!(problem(asks).code(), "wire-sudo-password");
            assert!(Catalogue::new(Lang::En).problem(&problem(asks)).remedy.contains("anna ALL=(root) NOPASSWD: ALL"));
        }
        assert_eq!(problem("anna is not in the sudoers file.").code(), "wire-sudo-refused");
    }
}
