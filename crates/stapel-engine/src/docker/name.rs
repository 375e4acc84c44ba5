use std::collections::{BTreeSet, HashMap};

use bollard::query_parameters::ListContainersOptions;
use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use super::containers::{FILES, PROJECT, WORKING_DIR};
use crate::compose::Project;
use crate::engine::{Engine, failed};

/// The project name by which containers were made from these files; `computed` where there are none, or it is among
/// them.
pub(super) async fn in_use(engine: &Engine, project: &Project, computed: &str) -> Result<String, Problem> {
    let filters = HashMap::from([("label".to_owned(), vec![WORKING_DIR.to_owned()])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let all = engine.api.list_containers(Some(options)).await.map_err(|e| failed("containers", &e))?;
    let base = real(&project.base());
    let first = project.files.first().map(|f| real(&project.directory.join(f)));
    let mut names = BTreeSet::new();
    for labels in all.into_iter().filter_map(|c| c.labels) {
        let (Some(name), Some(dir), Some(files)) = (labels.get(PROJECT), labels.get(WORKING_DIR), labels.get(FILES))
        else {
            continue;
        };
        // Compose 1.x notes the files as they were given, relative to where it was called.
        let mut made_from = files.split(',').flat_map(|f| [Utf8Path::new(dir).join(f), project.directory.join(f)]);
        if real(Utf8Path::new(dir)) == base && made_from.any(|f| Some(real(&f)) == first) {
            names.insert(name.clone());
        }
    }
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

fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_path_buf())
}
