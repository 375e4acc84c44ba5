//! What is run on a host: fixed scripts for `sh`, given as one quoted word to whatever login shell the user has there
//! (bash, dash, zsh, fish, csh). Only the agent's version, hash and size are put in. No single quote, backslash, exclamation
//! mark or line break may be in them: these are what the shells disagree about.

use std::ops::RangeInclusive;

use stapel_text::Problem;

use crate::{Account, AgentBinary};

/// The file cannot be written.
pub(crate) const CANNOT_WRITE: i32 = 98;
/// What arrived is not what was sent.
pub(crate) const WRONG_HASH: i32 = 96;
/// Neither `sha256sum` nor `shasum` is there.
pub(crate) const NO_HASHER: i32 = 95;
/// None of the places will do; each has said why, see [`PLACE`].
pub(crate) const NO_PLACE: i32 = 94;
/// `sudo` is there and does not start the agent.
pub(crate) const SUDO_REFUSES: i32 = 93;
/// `sudo` is not there.
pub(crate) const NO_SUDO: i32 = 92;

/// The exit codes by which a script gives its reason.
pub(crate) const REASONS: RangeInclusive<i32> = NO_SUDO..=CANNOT_WRITE;

/// Begins the line on stderr that names the machine.
pub(crate) const MACHINE: &str = "stapel-host: ";
/// Begins the line on stderr that names the user whom `sudo` refuses.
pub(crate) const USER: &str = "stapel-user: ";
/// Begins a line on stderr about a place that will not do: a word for the reason, the place, what was said.
pub(crate) const PLACE: &str = "stapel-place: ";

/// Where agents may lie, in the order in which they are looked for: a home may be missing, read-only or without the right to
/// run programs. All of them stay over a boot, for recovery after one begins with the agent. The second, where everybody may
/// write, and the third, which root makes or has made for a user, must be that user's alone: one look (`ls`) tells kind, rights and owner at once, so that nobody
/// can change the thing between two looks; and what is a directory of this user's alone stays so.
macro_rules! places {
    () => {
        concat!(
            r#"u=$(id -u); h="$HOME/.stapel/agents"; v="/var/tmp/stapel-agents-$u"; w="/var/lib/stapel-agents-$u"; "#,
            r#"mine() { if test "$1" = "$h"; then test -O "$1"; else set -- $(ls -ldn "$1" 2> /dev/null); "#,
            r#"case "$1 $3" in drwx------*" $u") ;; *) false;; esac; fi; }; "#,
        )
    };
}

/// A half-copied agent has another size; one on a file system without the right to run programs, or that was damaged, does
/// not get as far as telling its version. What such a one said goes to stderr, and its exit code is ours if no other is found.
const START: &str = concat!(
    r#"echo "stapel-host: $(uname -sm)" >&2; "#,
    places!(),
    r#"c=97; for r in "$h" "$v" "$w"; do a="$r/NAME/stapel"; "#,
    r#"test -f "$a" && mine "$r" && test $(wc -c < "$a") -eq SIZE || continue; "#,
    r#"e=$("$a" --version 2>&1 > /dev/null < /dev/null); s=$?; "#,
    r#"if test $s -gt 125 && test $s -lt 255; then c=$s; echo "$a: $e" >&2; continue; fi; "#,
    r#"RUN done; exit $c"#
);

const RUN: &str = r#"exec "$a" agent serve;"#;

/// As root. `sudo` is tried beforehand with a command of the same program that ends at once, for what it says when it refuses
/// is only in English there; the agent itself is to have the user's own locale. Root needs no `sudo`.
const RUN_BY_SUDO: &str = concat!(
    r#"test "$u" = 0 && exec "$a" agent serve; "#,
    r#"command -v sudo > /dev/null 2>&1 || exit 92; "#,
    r#"e=$(LC_ALL=C sudo -n "$a" --version 2>&1 > /dev/null < /dev/null) || "#,
    r#"{ echo "stapel-user: $(id -un)" >&2; echo "$e" >&2; exit 93; }; "#,
    r#"exec sudo -n "$a" agent serve;"#
);

/// Finds a place in which a program can be run, by running one, before it takes the agent on standard input. A whole agent
/// that is there already, and runs, is left alone. A connection that breaks looks like the end of the file, and the hash
/// tells. Then of the other builds the newest are kept, in each place, and those that run: by their command line, which
/// everybody may read, or by their file, which also names one that was started otherwise. Where those of others are not to
/// be seen in /proc nothing is removed.
const BRING: &str = concat!(
    r#"LC_ALL=C; export LC_ALL; umask 077; "#,
    places!(),
    r#"if command -v sha256sum > /dev/null 2>&1; then k=sha256sum; "#,
    r#"elif command -v shasum > /dev/null 2>&1; then k="shasum -a 256"; else exit 95; fi; "#,
    r#"whole() { test -f "$1" || return 1; s=$($k < "$1"); test "${s%% *}" = HASH || return 1; "#,
    r#""$1" --version > /dev/null 2>&1 < /dev/null; s=$?; test $s -lt 126 || test $s = 255; }; "#,
    r#"no() { echo "stapel-place: $1|$r|$e" >&2; clean; t=; e=; }; "#,
    r#"clean() { test -z "$t" || rm -f "$t"; }; trap clean EXIT; trap "exit 98" HUP INT TERM; t=; p=; e=; "#,
    r#"for r in "$h" "$v" "$w"; do d="$r/NAME"; "#,
    r#"if test "$r" = "$h"; then test -d "$HOME"; fi || { no missing; continue; }; "#,
    r#"e=$(if test "$r" = "$h"; then mkdir -p "$r"; else test -d "$r" || mkdir "$r"; fi 2>&1) || "#,
    r#"{ no write; continue; }; "#,
    r#"mine "$r" || { no foreign; continue; }; "#,
    r#"whole "$d/stapel" && exit 0; "#,
    r#"e=$(mkdir -p "$d" 2>&1) || { no write; continue; }; t="$d/.stapel-$$.tmp"; "#,
    r#"e=$({ echo "exit 0" > "$t" && chmod 700 "$t"; } 2>&1) || { no write; continue; }; "#,
    r#"e=$("$t" 2>&1 < /dev/null) || { no noexec; rmdir "$d" 2> /dev/null; continue; }; "#,
    r#"p="$r"; break; done; test "$p" || exit 94; "#,
    r#"cat > "$t" || exit 98; s=$($k < "$t"); test "${s%% *}" = HASH || exit 96; "#,
    r#"chmod 755 "$t" || exit 98; sync "$t" 2> /dev/null || sync; "#,
    r#"mv -f "$t" "$d/stapel" || exit 98; sync "$d" 2> /dev/null || sync; "#,
    r#"for r in "$h" "$v" "$w"; do "#,
    r#"( mine "$r" && cd "$r" && test -r /proc/1/cmdline && n=0 && for x in $(ls -1t); do "#,
    r#"n=$((n+1)); test "$n" -gt 3 || continue; test -f "$x/stapel" || continue; "#,
    r#"echo "/$x/stapel" | grep -q -F -f - /proc/[0-9]*/cmdline && continue; "#,
    r#"ls -l /proc/[0-9]*/exe | grep -q -F "/$x/stapel" && continue; "#,
    r#"rm -f "$x/stapel" "$x"/.stapel-*.tmp; rmdir "$x"; done ) > /dev/null 2>&1; done; "#,
    r#"exit 0"#
);

/// Starts the agent as that account, or ends with 97 where there is none, or the exit code of one that does not run.
pub(crate) fn start(agent: &AgentBinary, account: Account) -> String {
    let run = match account {
        Account::Own => RUN,
        Account::Sudo => RUN_BY_SUDO,
    };
    quoted(START.replace("RUN", run), agent)
}

/// Puts the program on standard input in its place.
///
/// # Errors
/// `io-failed` when the agent cannot be hashed.
pub(crate) fn bring(agent: &AgentBinary) -> Result<String, Problem> {
    Ok(quoted(BRING.replace("HASH", &agent.sha256()?), agent))
}

fn quoted(script: String, agent: &AgentBinary) -> String {
    let script = script.replace("NAME", &agent.directory());
    format!("sh -c '{}'", script.replace("SIZE", &agent.size().to_string()))
}

#[cfg(test)]
mod tests;
