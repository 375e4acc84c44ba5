use std::collections::HashMap;

use bollard::models::{ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptions, RemoveContainerOptions};
use stapel_core::ports::{ImageId, Instance};
use stapel_text::Problem;

use super::Docker;
use crate::engine::{failed, found};

pub(super) const PROJECT: &str = "com.docker.compose.project";
pub(super) const SERVICE: &str = "com.docker.compose.service";
pub(super) const ONE_OFF: &str = "com.docker.compose.oneoff";
pub(super) const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
pub(super) const FILES: &str = "com.docker.compose.project.config_files";

impl Docker {
    /// The containers of this project, running or not, that have all these labels (`KEY` or `KEY=VALUE`), running ones
    /// first and the newest of them first.
    pub(super) async fn labelled(&self, labels: &[String]) -> Result<Vec<Instance>, Problem> {
        let mut all = vec![format!("{PROJECT}={}", self.name())];
        all.extend_from_slice(labels);
        let filters = HashMap::from([("label".to_owned(), all)]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let mut found = self.engine.api.list_containers(Some(options)).await.map_err(|e| failed("containers", &e))?;
        found.sort_by_key(|c| (c.state != Some(ContainerSummaryStateEnum::RUNNING), std::cmp::Reverse(c.created)));
        Ok(found.into_iter().filter_map(instance).collect())
    }

    /// Everything about a container, by id or name.
    pub(super) async fn inspect(&self, container: &str) -> Result<Option<ContainerInspectResponse>, Problem> {
        found(container, self.engine.api.inspect_container(container, None::<InspectContainerOptions>).await)
    }

    /// Removes a container with its anonymous volumes; an absent one, or one that is going, is fine.
    pub(super) async fn delete(&self, container: &str, force: bool) -> Result<(), Problem> {
        let options = RemoveContainerOptions { v: true, force, ..Default::default() };
        match self.engine.api.remove_container(container, Some(options)).await {
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 409, message })
                if message.contains("already in progress") =>
            {
                Ok(())
            }
            answer => found(container, answer).map(drop),
        }
    }
}

pub(super) fn instance(summary: ContainerSummary) -> Option<Instance> {
    let name = summary.names?.into_iter().next()?.trim_start_matches('/').to_owned();
    let running = summary.state == Some(ContainerSummaryStateEnum::RUNNING);
    Some(Instance { id: summary.id?, name, image: ImageId(summary.image_id?), running })
}

/// The same from a full look.
pub(super) fn of_inspect(container: &ContainerInspectResponse) -> Option<Instance> {
    let running = container.state.as_ref().and_then(|s| s.running).unwrap_or(false);
    Some(Instance {
        id: container.id.clone()?,
        name: container.name.as_deref()?.trim_start_matches('/').to_owned(),
        image: ImageId(container.image.clone()?),
        running,
    })
}

/// The value of a label.
pub(super) fn label<'a>(container: &'a ContainerInspectResponse, name: &str) -> Option<&'a str> {
    container.config.as_ref()?.labels.as_ref()?.get(name).map(String::as_str)
}
