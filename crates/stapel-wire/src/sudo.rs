//! The agent as root on this machine. On another the script does the same, see [`crate::script`].

use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

use stapel_text::{Problem, problem};
use tokio::process::Command;

use crate::{Host, diagnose, printable};

/// How much of what `sudo` says is shown, in bytes.
const SHOWN: usize = 2 << 10;

/// The command that starts `program` as root. `sudo` is tried beforehand with a command of the same program that ends at
/// once, and says in English why not.
pub(crate) async fn command(program: &Path) -> Result<Command, Problem> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let mut trial = sudo(program);
    let tried = trial.arg("--version").env("LC_ALL", "C").stdin(Stdio::null()).output().await;
    match tried {
        Ok(output) if output.status.success() => Ok(sudo(program)),
        Ok(output) => {
            let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
            Err(diagnose::sudo(&Host::LOCAL, user.as_deref(), &printable(&output.stderr, SHOWN)))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Err(diagnose::no_sudo(&Host::LOCAL)),
        Err(e) => Err(problem!(Refused, "wire-local-failed", program = program.display(), said = e.to_string())),
    }
}

fn sudo(program: &Path) -> Command {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "--"]).arg(program);
    sudo
}
