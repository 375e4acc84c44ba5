use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use stapel_text::{Problem, problem};

use crate::AgentBinary;
use crate::machine::Machine;

/// The directory of other builds beside the program.
const BUNDLE: &str = "agents";

/// The name of the program below a machine's directory.
const PROGRAM: &str = "stapel";

/// What hosts mostly are: where this program cannot be an agent (it runs on macOS), one of these is tried first, and most
/// connections need no second attempt.
const USUAL: [&str; 2] = ["Linux x86_64", "Linux aarch64"];

/// The builds of the agent on this machine: one program, and builds of it for other machines, each in
/// `<System>-<machine>/stapel` (as `uname -sm` there says it: `Linux-x86_64/stapel`, `Darwin-arm64/stapel`) below the
/// directory `agents` beside the program, or below the one that `STAPEL_AGENT` names. Where `STAPEL_AGENT` names a file it
/// is that and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agents {
    program: PathBuf,
    bundle: Option<PathBuf>,
}

impl Agents {
    /// As the environment has them.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn from_env() -> Result<Self, Problem> {
        let failed = |path: &Path, e: &std::io::Error| problem!(Failed, "io-failed", path = path.display(), error = e);
        let own = env::current_exe().map_err(|e| failed(Path::new("/proc/self/exe"), &e))?;
        match env::var_os("STAPEL_AGENT").filter(|v| !v.is_empty()).map(PathBuf::from) {
            // Absolute, for it is run as well as read, and a bare name would be looked for in PATH.
            Some(named) => {
                let named = std::path::absolute(&named).map_err(|e| failed(&named, &e))?;
                Ok(if named.is_dir() { Self::of(own, named) } else { Self::only(named) })
            }
            None => {
                // On macOS it is the link by which it was called, and the bundle lies where the program does.
                let real = own.canonicalize().unwrap_or_else(|_| own.clone());
                let beside = real.parent().unwrap_or(Path::new("/")).join(BUNDLE);
                Ok(Self::of(own, beside))
            }
        }
    }

    /// This program for every host.
    #[must_use]
    pub fn only(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), bundle: None }
    }

    /// This program where it runs, and those of a directory elsewhere.
    #[must_use]
    pub fn of(program: impl Into<PathBuf>, bundle: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), bundle: Some(bundle.into()) }
    }

    /// The one that runs on this machine.
    pub(crate) fn local(&self) -> Result<AgentBinary, Problem> {
        known(&self.program)
    }

    /// The one to try on a host of which nothing is known yet.
    pub(crate) fn first(&self) -> Result<AgentBinary, Problem> {
        let own = known(&self.program)?;
        if own.machine() != Machine::MachO {
            return Ok(own);
        }
        let usual = USUAL.into_iter().map(|uname| self.place(uname)).find(|path| path.is_file());
        usual.map_or(Ok(own), |path| known(&path))
    }

    /// The one for a host on which `uname -sm` says this; the program itself if there is none, which then does not suit.
    pub(crate) fn for_machine(&self, uname: &str) -> Result<AgentBinary, Problem> {
        let own = known(&self.program)?;
        let place = self.place(uname);
        if own.machine().runs_on(uname) || !place.is_file() { Ok(own) } else { known(&place) }
    }

    /// Where the one for such a host is looked for.
    pub(crate) fn place(&self, uname: &str) -> PathBuf {
        match &self.bundle {
            Some(bundle) => bundle.join(directory(uname)).join(PROGRAM),
            None => self.program.clone(),
        }
    }
}

/// The name of a machine's directory. What a host says is not taken as a path: only letters, digits, `_` and `.` after one.
fn directory(uname: &str) -> String {
    let (system, machine) = uname.split_once(' ').unwrap_or((uname, "unknown"));
    let machine = match (system, machine) {
        ("Linux", "amd64") => "x86_64",
        ("Linux", "arm64") => "aarch64",
        _ => machine,
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    format!("{system}-{machine}").chars().map(plain).collect()
}

/// The program at a path. Hashing it takes a moment, and is done once for as long as the file stays the same.
fn known(path: &Path) -> Result<AgentBinary, Problem> {
    static KNOWN: Mutex<BTreeMap<PathBuf, AgentBinary>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(agent) = known.get(path).filter(|a| a.is_the_same()) {
        return Ok(agent.clone());
    }
    let agent = AgentBinary::known(path)?;
    known.insert(path.to_owned(), agent.clone());
    Ok(agent)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const X86_64: u8 = 62;
    const AARCH64: u8 = 183;

    fn elf(machine: u8) -> Vec<u8> {
        let mut program = b"\x7fELF\x02\x01\x01".to_vec();
        program.resize(64, machine);
        program[18] = machine;
        program[19] = 0;
        program
    }

    /// A program of these bytes with a bundle beside it.
    fn bundle(program: &[u8], others: &[(&str, u8)]) -> (tempfile::TempDir, Agents) {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("stapel");
        fs::write(&own, program).unwrap();
        for (name, machine) in others {
            let at = dir.path().join("agents").join(name);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("stapel"), elf(*machine)).unwrap();
        }
        let agents = Agents::of(own, dir.path().join("agents"));
        (dir, agents)
    }

    #[test]
    fn the_program_itself_goes_before_and_the_bundle_serves_the_rest() {
        let (dir, agents) = bundle(&elf(X86_64), &[("Linux-aarch64", AARCH64), ("Linux-x86_64", AARCH64)]);
        assert_eq!(agents.first().unwrap().path(), dir.path().join("stapel"));
        assert_eq!(agents.for_machine("Linux x86_64").unwrap().path(), dir.path().join("stapel"));
        for uname in ["Linux aarch64", "Linux arm64"] {
            let agent = agents.for_machine(uname).unwrap();
            assert_eq!(agent.path(), dir.path().join("agents/Linux-aarch64/stapel"));
            assert!(agent.machine().runs_on(uname));
            // The build is that of the file that is brought.
            assert_eq!(agent.build(), AgentBinary::at(agent.path()).unwrap().build());
            assert_ne!(agent.build(), agents.local().unwrap().build());
        }
        assert!(!agents.for_machine("Linux s390x").unwrap().machine().runs_on("Linux s390x"));
        assert_eq!(agents.place("Linux s390x"), dir.path().join("agents/Linux-s390x/stapel"));
    }

    #[test]
    fn on_macos_the_usual_host_is_guessed() {
        let mac = [0xcf, 0xfa, 0xed, 0xfe, 0, 0, 0, 0];
        let (dir, agents) = bundle(&mac, &[("Linux-aarch64", AARCH64)]);
        assert_eq!(agents.first().unwrap().path(), dir.path().join("agents/Linux-aarch64/stapel"));
        assert_eq!(agents.local().unwrap().path(), dir.path().join("stapel"));
        let (dir, agents) = bundle(&mac, &[]);
        assert_eq!(agents.first().unwrap().path(), dir.path().join("stapel"));
        assert_eq!(agents.for_machine("Linux x86_64").unwrap().path(), dir.path().join("stapel"));
    }

    #[test]
    fn one_that_was_named_is_the_only_one() {
        let (dir, _) = bundle(&elf(X86_64), &[("Linux-aarch64", AARCH64)]);
        let agents = Agents::only(dir.path().join("stapel"));
        assert_eq!(agents.for_machine("Linux aarch64").unwrap().path(), dir.path().join("stapel"));
    }

    #[test]
    fn a_host_cannot_name_a_path() {
        assert_eq!(directory("Linux ../../etc"), "Linux-------etc");
        assert_eq!(directory("/etc"), "-etc-unknown");
        assert_eq!(directory("Darwin arm64"), "Darwin-arm64");
    }

    #[test]
    fn this_program_is_its_own_agent() {
        let agents = Agents::from_env().unwrap();
        assert_eq!(agents.local().unwrap().path(), env::current_exe().unwrap());
        assert_eq!(agents.local().unwrap(), agents.first().unwrap());
    }
}
