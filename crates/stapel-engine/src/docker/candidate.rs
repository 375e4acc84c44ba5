use std::time::Duration;

use stapel_core::ports::{Instance, Instances};
use stapel_text::{Problem, problem};

use super::containers::{ONE_OFF, of_inspect};
use super::{CANDIDATE_LABEL, Docker};
use crate::compose::success;

/// What a candidate of another image may take to end: it serves nobody.
const GRACE: Duration = Duration::from_secs(10);

/// Whether a candidate is found under its service's names from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aliases {
    /// Under none: nobody who asks for the service finds it. It is let in later by
    /// [`Docker::join_with_aliases`].
    None,
    /// Under all of them, on all networks (`compose run --use-aliases`): for a service with a single network, on which it
    /// could not be put again without losing its own connections (to the database, say). From its start on it may be sent
    /// requests.
    FromStart,
}

impl Docker {
    /// The name of a service's candidate.
    ///
    /// # Errors
    /// `engine-service-unknown`.
    pub fn candidate_name(&self, service: &str) -> Result<String, Problem> {
        Ok(match &self.service(service)?.container_name {
            Some(name) => format!("{name}-stapel"),
            None => format!("{}-{service}-stapel", self.name()),
        })
    }

    pub(super) async fn find_candidate(&self, service: &str) -> Result<Option<Instance>, Problem> {
        let name = self.candidate_name(service)?;
        let ours = self.labelled(&[format!("{CANDIDATE_LABEL}={service}")]).await?;
        if let Some(found) = ours.into_iter().next() {
            return Ok(Some(found));
        }
        let one_offs = self.labelled(&[format!("{ONE_OFF}=True"), Self::service_label(service)]).await?;
        Ok(one_offs.into_iter().find(|i| i.name == name))
    }

    /// As [`Instances::start_candidate`], and says whether it has the service's names from the start. One that is there
    /// already, of the right image and running, is taken as it is, whatever its names.
    ///
    /// # Errors
    /// `engine-image-missing` when the definition's image is not there (compose would build or pull it),
    /// `engine-compose-failed`, `engine-candidate-wrong`.
    pub async fn start_candidate_with(&self, service: &str, aliases: Aliases) -> Result<Instance, Problem> {
        let name = self.candidate_name(service)?;
        let image = self.required(service).await?;
        if let Some(there) = self.find_candidate(service).await? {
            if there.running && there.image == image {
                return Ok(there);
            }
            self.remove(&there, GRACE).await?;
        }
        let mut command = self.compose_command(None).args(self.run_flags().iter().copied());
        if aliases == Aliases::FromStart {
            command = command.arg("--use-aliases");
        }
        let label = format!("{CANDIDATE_LABEL}={service}");
        let command = command.args(["--label", label.as_str(), "--name", name.as_str(), service]);
        success(command.finish().await?, "run")?;
        let made = self.inspect(&name).await?.as_ref().and_then(of_inspect);
        made.filter(|i| i.image == image)
            .ok_or_else(|| problem!(Failed, "engine-candidate-wrong", service = service, container = name))
    }
}
