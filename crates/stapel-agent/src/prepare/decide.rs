use stapel_text::{Problem, problem, text};

use super::facts::{Daemon, Facts};
use super::{Preparation, Step, Wanted};

/// What would be done on a host that is like this, for an app that wants this.
///
/// # Errors
/// `agent-prepare-by-hand` where packages do not come by apt; `agent-prepare-no-pair` where apt has no Docker with a compose
/// that suits it; `agent-prepare-needs-root`.
pub(super) fn decide(facts: &Facts, wanted: &Wanted) -> Result<Preparation, Problem> {
    let mut made = Preparation { there: Vec::new(), steps: Vec::new(), left: Vec::new() };
    if wanted.only_networks {
        networks(facts, wanted, &mut made);
        return Ok(made);
    }
    if wanted.docker {
        docker(facts, &mut made)?;
        networks(facts, wanted, &mut made);
    }
    if facts.directory {
        made.there.push(text!("agent-prepared-directory", path = wanted.path.as_str()));
    } else {
        made.steps.push(Step::Directory { path: wanted.path.clone() });
    }
    let too_much = |step: &Step| match step {
        Step::Directory { .. } => !facts.may_make,
        other => other.needs_root(),
    };
    if !facts.root && made.steps.iter().any(too_much) {
        return Err(problem!(Refused, "agent-prepare-needs-root"));
    }
    Ok(made)
}

/// Docker and compose. One that is there stays as it is; what is missing of the pair is chosen to go with it.
fn docker(facts: &Facts, made: &mut Preparation) -> Result<(), Problem> {
    if let Daemon::Answers(engine) = &facts.daemon {
        made.there.push(text!("agent-prepared-docker", version = &engine.version));
    }
    if let Some(compose) = facts.suiting() {
        made.there.push(text!("agent-prepared-compose", command = compose.command(), version = &compose.version));
    }
    let silent = !matches!(facts.daemon, Daemon::Answers(_));
    if !silent && !facts.lacks_packages() {
        return Ok(());
    }
    if !facts.system.is_debian() {
        let commands = facts.system.by_hand();
        return Err(problem!(Refused, "agent-prepare-by-hand", system = &facts.system.name, commands = commands));
    }
    if facts.lacks_packages() {
        let choice = match &facts.daemon {
            Daemon::Absent => facts.packages.docker(),
            Daemon::Silent => facts.packages.compose(facts.packages.engine()),
            // The pair is judged by the interface, which Docker 26 has changed.
            Daemon::Answers(engine) => {
                let major = engine.version.split('.').next().and_then(|major| major.parse().ok());
                facts.packages.compose(if engine.containerd_images { None } else { major })
            }
        };
        let choice = choice.ok_or_else(|| {
            let none = problem!(Refused, "agent-prepare-no-pair", known = facts.packages.words());
            match &facts.complaint {
                Some(said) => none.because(problem!(Failed, "agent-prepare-apt", said = said)),
                None => none,
            }
        })?;
        made.steps.extend([Step::Update, Step::Install { packages: choice.packages, brings: choice.brings }]);
    }
    if silent {
        made.steps.push(Step::Start { systemd: facts.systemd });
    }
    Ok(())
}

fn networks(facts: &Facts, wanted: &Wanted, made: &mut Preparation) {
    for name in &wanted.networks {
        if facts.networks.contains(name) {
            made.there.push(text!("agent-prepared-network", name = name));
        } else if is_a_name(name) {
            made.steps.push(Step::Network { name: name.clone() });
        } else {
            made.left.push(problem!(Refused, "agent-prepare-network-unclear", name = name));
        }
    }
}

/// As Docker takes it for a network; a variable that nobody has filled in is none.
fn is_a_name(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(inside)
}
