use std::collections::{BTreeSet, HashMap};

use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptions;
use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use super::containers::{FILES, PROJECT, WORKING_DIR};
use crate::compose::Project;
use crate::engine::{Engine, failed};

/// The project name by which containers were made from these files; `computed` where there are none, or it is among
/// them.
pub(super) async fn in_use(engine: &Engine, project: &Project, computed: &str) -> Result<String, Problem> {
    let all = made_from(engine, project).await?;
    let mut names: BTreeSet<_> = all.into_iter().filter_map(|c| c.labels?.get(PROJECT).cloned()).collect();
    if names.is_empty() || names.contains(computed) {
        return Ok(computed.to_owned());
    }
    if names.len() > 1 {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        return Err(problem!(
            Refused,
            "engine-project-ambiguous",
            directory = project.directory.as_str(),
            names = names
        ));
    }
    Ok(names.pop_first().unwrap_or_else(|| computed.to_owned()))
}

/// The containers that were made from a project's files, whatever project they were made for.
pub(super) async fn made_from(engine: &Engine, project: &Project) -> Result<Vec<ContainerSummary>, Problem> {
    let filters = HashMap::from([("label".to_owned(), vec![WORKING_DIR.to_owned()])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let mut all = engine.api.list_containers(Some(options)).await.map_err(|e| failed("containers", &e))?;
    let base = real(&project.base());
    let first = project.files.first().map(|f| real(&project.directory.join(f)));
    all.retain(|container| {
        let label = |key: &str| container.labels.as_ref().and_then(|labels| labels.get(key));
        let (Some(_), Some(dir), Some(files)) = (label(PROJECT), label(WORKING_DIR), label(FILES)) else {
            return false;
        };
        // Compose 1.x notes the files as they were given, relative to where it was called.
        let mut made_from = files.split(',').flat_map(|f| [Utf8Path::new(dir).join(f), project.directory.join(f)]);
        real(Utf8Path::new(dir)) == base && made_from.any(|f| Some(real(&f)) == first)
    });
    Ok(all)
}

fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_path_buf())
}
