use async_trait::async_trait;
use stapel_core::examination::Found;
use stapel_text::{Problem, Text, problem, text};

use super::{Case, Examination, Seen};

/// What a container is stopped by where nothing else is said.
const SIGTERM: u32 = 15;

/// Signals that images are known to be stopped by (`STOPSIGNAL`), besides SIGTERM. SIGKILL needs nobody to heed it.
const SIGNALS: [(&str, u32); 7] =
    [("HUP", 1), ("INT", 2), ("QUIT", 3), ("USR1", 10), ("USR2", 12), ("TERM", SIGTERM), ("WINCH", 28)];

/// Programs that are made to be the first process.
const INITS: [&str; 5] = ["docker-init", "tini", "dumb-init", "catatonit", "podman-init"];

/// That the first process of each service ends when it is asked to: else it is killed in the midst of its requests, after the
/// whole grace.
pub(super) struct Stops;

#[async_trait]
impl Examination for Stops {
    fn what(&self) -> Text {
        text!("agent-examine-stops")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let (mut found, mut seen) = (Vec::new(), false);
        for service in case.replaced() {
            let Some((pid, signal)) = case.site.first_process(service).await? else { continue };
            let Some(signal) = signal.as_deref().map_or(Some(SIGTERM), number) else { continue };
            // It may have ended meanwhile, or we are in a container ourselves.
            let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { continue };
            seen = true;
            let waits = std::fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
            if heeds(&status, signal) || waits_for_signals(&status, &waits) {
                continue;
            }
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            found.push(Found::advises(match is_shell(&line) {
                true => problem!(Failed, "agent-stop-by-shell", service = service),
                false => problem!(Failed, "agent-stop-ignored", service = service),
            }));
        }
        Ok(seen.then_some(found))
    }
}

/// The number of a signal as an image names it; `None`: it is one that we know nothing of.
fn number(signal: &str) -> Option<u32> {
    let name = signal.strip_prefix("SIG").unwrap_or(signal);
    let known = SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| name.parse().ok().filter(|number| (1..=31).contains(number) && *number != 9))
}

/// Whether a process of this `/proc/PID/status` ends by a signal, or does anything about it at all. The first process of a
/// namespace gets none that it has no handler for, and does not wait for.
fn heeds(status: &str, signal: u32) -> bool {
    let of = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let has = |key: &str| {
        let mask = of(key).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
    };
    let first = of("NSpid").and_then(|all| all.split_ascii_whitespace().next_back()) == Some("1");
    match first {
        true => has("SigCgt") || has("SigBlk"),
        false => !has("SigIgn"),
    }
}

/// Whether it is an init (`init: true`), which has no handlers: it blocks signals and waits for them, and while it waits none
/// is shown as blocked. `wchan` is where in the kernel it stands, which not everybody may know.
fn waits_for_signals(status: &str, wchan: &str) -> bool {
    let name = status.lines().find_map(|line| line.strip_prefix("Name:")).map(str::trim);
    name.is_some_and(|name| INITS.contains(&name)) || wchan.contains("sigtimedwait")
}

/// Whether it is a shell that was given a command as a word (`CMD program argument`): it does not hand signals on.
fn is_shell(line: &[u8]) -> bool {
    let mut words = line.split(|b| *b == 0);
    let program = words.next().and_then(|word| word.rsplit(|b| *b == b'/').next()).unwrap_or_default();
    let is = [&b"sh"[..], b"bash", b"dash", b"ash", b"busybox"].contains(&program);
    is && words.take(2).any(|word| word.starts_with(b"-") && word.ends_with(b"c"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pids: &str, caught: u64, blocked: u64, ignored: u64) -> String {
        format!("Name:\tx\nNSpid:\t{pids}\nSigBlk:\t{blocked:016x}\nSigIgn:\t{ignored:016x}\nSigCgt:\t{caught:016x}\n")
    }

    #[test]
    fn the_first_process_of_a_namespace_needs_a_handler() {
        let term = 1 << 14;
        assert!(heeds(&status("812\t1", term, 0, 0), SIGTERM));
        assert!(heeds(&status("812\t1", 0, term, 0), SIGTERM), "an init waits for it");
        assert!(!heeds(&status("812\t1", 0, 0, 0), SIGTERM));
        assert!(!heeds(&status("812\t1", 1 << 13 | 1 << 15, 0, 0), SIGTERM));
        assert!(heeds(&status("812\t1", 1 << 2, 0, 0), 3));
        // With `pid: host` it is a process like any other.
        assert!(heeds(&status("812", 0, 0, 0), SIGTERM));
        assert!(!heeds(&status("812", 0, 0, term), SIGTERM));
    }

    #[test]
    fn an_init_waits_for_signals_without_a_handler() {
        let of = |name: &str| status("812\t1", 0, 0, 0).replace("\tx", &format!("\t{name}"));
        assert!(waits_for_signals(&of("docker-init"), "0"));
        assert!(waits_for_signals(&of("own-init"), "do_sigtimedwait"));
        assert!(!waits_for_signals(&of("sleep"), "hrtimer_nanosleep"));
    }

    #[test]
    fn a_shell_with_a_command_is_told_from_a_program() {
        for (line, shell) in [
            (&b"/bin/sh\0-c\0python app.py\0"[..], true),
            (b"bash\0-ec\0python app.py\0", true),
            (b"/bin/busybox\0sh\0-c\0x\0", true),
            (b"/bin/sh\0/entrypoint.sh\0x\0", false),
            (b"python\0-c\0x\0", false),
            (b"", false),
        ] {
            assert_eq!(is_shell(line), shell, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn signals_as_images_name_them() {
        let all = ["SIGQUIT", "QUIT", "3", "SIGTERM", "SIGKILL", "9", "SIGRTMIN+3", "0"].map(number);
        assert_eq!(all, [Some(3), Some(3), Some(3), Some(15), None, None, None, None]);
    }
}
