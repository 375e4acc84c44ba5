use std::collections::BTreeMap;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::ListContainersOptions;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::containers::{FILES, ONE_OFF, PROJECT, SERVICE, WORKING_DIR};
use crate::engine::{Engine, failed};

/// A container of this host, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The image that it was made from, as it was named then.
    pub image: String,
    /// Whether it runs.
    pub running: bool,
    /// What compose noted at it, where compose made it.
    pub compose: Option<MadeBy>,
    /// The networks that it is on.
    pub networks: Vec<String>,
    /// Ports of the host that lead to it, with the port in the container. TCP only.
    pub ports: Vec<(u16, u16)>,
    /// Paths of the host that it sees, with the paths it sees them at.
    pub binds: Vec<(String, String)>,
    /// Its labels whose names begin with `traefik.`.
    pub traefik: BTreeMap<String, String>,
}

/// The compose project that a container belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBy {
    /// The project's name.
    pub project: String,
    /// The service.
    pub service: String,
    /// The directory that compose was called in.
    pub directory: String,
    /// The files it was given: absolute, or relative to the directory, by the version of compose.
    pub files: Vec<String>,
}

impl Engine {
    /// All containers of this host, by name, without those of one-off runs.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn containers(&self) -> Result<Vec<Container>, Problem> {
        let options = ListContainersOptions { all: true, ..Default::default() };
        let found = self.api.list_containers(Some(options)).await.map_err(|e| failed("containers", &e))?;
        let mut all: Vec<_> = found.into_iter().filter_map(container).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

fn container(summary: ContainerSummary) -> Option<Container> {
    let labels = summary.labels.unwrap_or_default();
    if labels.get(ONE_OFF).is_some_and(|v| v == "True") {
        return None;
    }
    let label = |name: &str| labels.get(name).cloned();
    let compose = label(PROJECT).map(|project| MadeBy {
        project,
        service: label(SERVICE).unwrap_or_default(),
        directory: label(WORKING_DIR).unwrap_or_default(),
        files: label(FILES).unwrap_or_default().split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect(),
    });
    let networks = summary.network_settings.and_then(|s| s.networks).unwrap_or_default();
    let mut networks: Vec<_> = networks.into_keys().collect();
    networks.sort();
    let tcp = |port: &bollard::models::PortSummary| port.typ.is_none_or(|t| t.to_string() == "tcp");
    let ports = summary.ports.unwrap_or_default();
    let mut ports: Vec<_> =
        ports.iter().filter(|p| tcp(p)).filter_map(|p| Some((p.public_port?, p.private_port))).collect();
    ports.sort_unstable();
    // On `0.0.0.0` and on `::`.
    ports.dedup();
    let binds = summary.mounts.unwrap_or_default().into_iter();
    let binds = binds.filter_map(|m| Some((m.source.filter(|s| s.starts_with('/'))?, m.destination?)));
    Some(Container {
        name: summary.names?.into_iter().next()?.trim_start_matches('/').to_owned(),
        image: summary.image.unwrap_or_default(),
        running: summary.state == Some(ContainerSummaryStateEnum::RUNNING),
        compose,
        networks,
        ports,
        binds: binds.collect(),
        traefik: labels.into_iter().filter(|(name, _)| name.starts_with("traefik.")).collect(),
    })
}
