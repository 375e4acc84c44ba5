use async_trait::async_trait;
use stapel_core::config::EngineKind;
use stapel_core::examination::Found;
use stapel_core::plan::StepSpec;
use stapel_text::{Problem, Text, bytes, problem, text};

use super::{Case, Examination, Seen};

/// That compose can replace containers of this engine.
pub(super) struct Composes;

#[async_trait]
impl Examination for Composes {
    fn what(&self) -> Text {
        text!("agent-examine-compose")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        match case.site.suits() {
            Err(why) => Ok(Some(vec![Found::prevents(why)])),
            Ok(()) => Ok((case.site.config.engine == EngineKind::Docker).then(Vec::new)),
        }
    }
}

/// That traffic can be led, where the plan does so.
pub(super) struct Steering;

#[async_trait]
impl Examination for Steering {
    fn what(&self) -> Text {
        text!("agent-examine-steering")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let services = relayed(case);
        if services.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for service in services {
            if let Err(why) = case.site.may_steer(service).await {
                found.push(Found::prevents(problem!(Refused, "agent-cannot-steer", service = service).because(why)));
            }
        }
        Ok(Some(found))
    }
}

/// The services that the plan relays: two copies of each run for a while.
fn relayed(case: &Case) -> Vec<&str> {
    let steps = case.plan().map_or(&[][..], |plan| &plan.steps);
    let mut services: Vec<_> = steps
        .iter()
        .filter_map(|step| match &step.spec {
            StepSpec::Phase { rollout, service, .. } if rollout == "relay" => Some(service.as_str()),
            _ => None,
        })
        .collect();
    services.dedup();
    services
}

/// That the memory suffices for a second copy.
pub(super) struct Memory;

#[async_trait]
impl Examination for Memory {
    fn what(&self) -> Text {
        text!("agent-examine-memory")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let services = relayed(case);
        let Some(mut free) = available().filter(|_| !services.is_empty()) else { return Ok(None) };
        let mut found = Vec::new();
        for service in services {
            let instances = &case.site.world.instances;
            let Some(real) = instances.real(service).await?.filter(|real| real.running) else { continue };
            let used = instances.vitals(&real).await?.and_then(|vitals| vitals.memory);
            let needed = used.unwrap_or(0);
            if needed > free {
                found.push(Found::advises(short_of_memory(service, needed, free)));
            }
            // The former versions of all of them stand by together.
            free = free.saturating_sub(needed);
        }
        Ok(Some(found))
    }
}

/// A second copy of a service has no room.
pub(crate) fn short_of_memory(service: &str, needed: u64, free: u64) -> Problem {
    problem!(Refused, "agent-memory-short", service = service, needed = bytes(needed), free = bytes(free))
}

/// Bytes that programs may still have without anything being swapped out (`MemAvailable`).
pub(crate) fn available() -> Option<u64> {
    let said = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = said.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// That nobody else holds a port that a service which does not run is to have.
pub(super) struct Ports;

#[async_trait]
impl Examination for Ports {
    fn what(&self) -> Text {
        text!("agent-examine-ports")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let mut found = Vec::new();
        for service in case.site.config.services.keys() {
            let running = case.site.world.instances.real(service).await?.is_some_and(|real| real.running);
            let wanted = if running { Vec::new() } else { case.site.wanted_ports(service).await? };
            for (address, port) in wanted {
                if let Some(holder) = stapel_net::sockets::holder(address, port)? {
                    let port = port.to_string();
                    let held = problem!(Refused, "agent-port-held", service = service, port = port, holder = holder);
                    found.push(Found::prevents(held));
                }
            }
        }
        Ok(Some(found))
    }
}
