use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use stapel_text::{Problem, problem};

use crate::app::HIGHEST_VERSION;
use crate::files;

/// The name of the definition in the app's directory.
pub(crate) const FILE: &str = "app.toml";

/// What `app.toml` says: the embedded runtime's compose file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    /// Which version of the demo app.
    pub(crate) version: u32,
    /// Where the proxy serves; with port 0 a free one is chosen once.
    #[serde(default = "any_port")]
    pub(crate) listen: SocketAddr,
    /// The database file, from the app's directory on.
    #[serde(default = "database")]
    pub(crate) database: Utf8PathBuf,
}

fn any_port() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

fn database() -> Utf8PathBuf {
    "data/app.db".into()
}

impl Definition {
    /// Reads the definition in the app's directory.
    ///
    /// # Errors
    /// `embedded-app-missing`, `embedded-app-invalid`, `embedded-app-version`.
    pub(crate) fn read(app: &Utf8Path) -> Result<Self, Problem> {
        let path = app.join(FILE);
        let Some(content) = files::read(&path)? else {
            return Err(problem!(Usage, "embedded-app-missing", file = path.as_str()));
        };
        let definition: Self = toml::from_str(&content).map_err(|e| {
            problem!(Usage, "embedded-app-invalid", file = path.as_str(), error = e.to_string().trim_end())
        })?;
        if !(1..=HIGHEST_VERSION).contains(&definition.version) {
            let (version, highest) = (definition.version.to_string(), HIGHEST_VERSION.to_string());
            return Err(problem!(
                Usage,
                "embedded-app-version",
                file = path.as_str(),
                version = version,
                highest = highest
            ));
        }
        Ok(definition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: Option<&str>) -> Result<Definition, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let app = Utf8Path::from_path(dir.path()).unwrap();
        if let Some(content) = content {
            std::fs::write(app.join(FILE), content).unwrap();
        }
        Definition::read(app)
    }

    #[test]
    fn only_the_version_must_be_said() {
        let definition = read(Some("version = 2")).unwrap();
        assert_eq!((definition.version, definition.listen.port()), (2, 0));
        assert_eq!(definition.database, "data/app.db");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read(None).unwrap_err().code(), "embedded-app-missing");
        assert_eq!(read(Some("version = 9")).unwrap_err().code(), "embedded-app-version");
        for (content, named) in
            [("", "version"), ("version = 1\nport = 3", "port"), ("version = 1\nlisten = 'x'", "listen")]
        {
            let problem = read(Some(content)).unwrap_err();
            assert_eq!(problem.code(), "embedded-app-invalid");
            assert!(problem.to_string().contains(named), "{problem}");
        }
    }
}
