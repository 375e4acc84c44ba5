//! An app on the embedded engine, for the tests of this room.

use stapel_core::config::{Config, Secrets};
use stapel_core::plan::{Goal, Plan};
use stapel_release::Begin;

use crate::{Known, Site};

/// Its configuration, with these lines at the end.
pub(crate) fn config(dir: &tempfile::TempDir, more: &str) -> Config {
    let root = dir.path().to_str().unwrap();
    let toml = format!(
        "app = \"shop\"\nengine = \"embedded\"\n[target.here]\nhost = \"local\"\npath = \"{root}/app\"\n\
         state = \"{root}/state\"\n[service.app]\n{more}"
    );
    Config::parse("stapel.toml", &toml).unwrap()
}

/// The app of that configuration.
pub(crate) async fn site(dir: &tempfile::TempDir, more: &str) -> Site {
    Site::open(config(dir, more), Known::Given(&Secrets::default()), "here").await.unwrap()
}

/// A release of it that has just begun, and has nothing to do.
pub(crate) fn release(site: &Site) -> u64 {
    let begin = Begin {
        doing: "restart".to_owned(),
        who: String::new(),
        origin: String::new(),
        target: "here".to_owned(),
        config: site.config.clone(),
        plan: Plan::none(Goal::Restart { services: Vec::new(), hard: false }),
        found: false,
        runner: None,
    };
    site.journal.begin(&begin).unwrap()
}
