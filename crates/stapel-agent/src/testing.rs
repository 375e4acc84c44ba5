//! An app on the embedded engine, for the tests of this room.

use stapel_core::config::{Config, Secrets};

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
