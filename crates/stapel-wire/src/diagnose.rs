//! Why there is no connection, told from exit codes and from what `ssh` says, which it says in English everywhere.

use stapel_text::{Problem, problem};

use crate::script::{CANNOT_WRITE, NO_HASHER, WRONG_HASH};
use crate::{AgentBinary, Ended, Host};

/// `ssh` itself failed; everything else is the exit code of what it ran.
const SSH_FAILED: i32 = 255;

pub(crate) fn no_ssh(error: &std::io::Error) -> Problem {
    problem!(Refused, "wire-no-ssh", error = error)
}

pub(crate) fn machine_unfit(host: &Host, machine: &str, agent: &AgentBinary) -> Problem {
    problem!(Refused, "wire-machine-unfit", host = host.to_string(), machine = machine, agent = agent.machine().name())
}

/// No hello came.
pub(crate) fn silence(host: &Host, ended: &Ended, machine: Option<&str>, instead: Problem) -> Problem {
    match machine {
        None if ended.code == SSH_FAILED => ssh(host, &ended.said),
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

/// The agent could not be brought.
pub(crate) fn bringing(host: &Host, ended: &Ended) -> Problem {
    let (host_name, said) = (host.to_string(), &ended.said);
    let full = ["No space left on device", "Disk quota exceeded"].iter().any(|words| said.contains(words));
    match ended.code {
        SSH_FAILED => ssh(host, said),
        WRONG_HASH => problem!(Refused, "wire-arrived-damaged", host = host_name),
        NO_HASHER => problem!(Refused, "wire-no-hasher", host = host_name),
        _ if full => problem!(Refused, "wire-no-space", host = host_name, said = said),
        CANNOT_WRITE => problem!(Refused, "wire-cannot-write", host = host_name, said = said),
        code => problem!(Refused, "wire-shell", host = host_name, code = code, said = said),
    }
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
    use super::*;

    fn code(code: i32, said: &str) -> String {
        bringing(&Host::parse("web").unwrap(), &Ended { code, said: said.into() }).code().to_owned()
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
}
