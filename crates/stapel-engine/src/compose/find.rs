use stapel_host::Command;
use stapel_text::{Problem, problem};

use crate::EngineFacts;

/// The two composes, which differ in names, output and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// `docker-compose` 1.x, written in Python.
    V1,
    /// 2.x and later: `docker compose`, or the same program installed as `docker-compose`.
    V2,
}

/// The compose command of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compose {
    /// Which of the two.
    pub generation: Generation,
    /// Its version as it prints it (`1.29.2`, `2.26.1-4`).
    pub version: String,
    /// Program and first arguments.
    pub(crate) argv: &'static [&'static str],
}

/// How the plugin and the program are called, the one to use first.
const ALL: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];

/// The first Engine API version that no longer has `ContainerConfig` in an image (Docker 26; docs.docker.com, "Engine API
/// version history", v1.45). Compose 1.x reads it when it recreates a container, after it has stopped the old one.
const WITHOUT_CONTAINER_CONFIG: (u32, u32) = (1, 45);

impl Compose {
    /// The compose to use: the plugin where there is one, else the program.
    ///
    /// # Errors
    /// `engine-compose-missing` when the host has neither.
    pub async fn find() -> Result<Self, Problem> {
        for argv in ALL {
            if let Some(found) = Self::called(argv).await {
                return Ok(found);
            }
        }
        Err(problem!(Refused, "engine-compose-missing"))
    }

    /// Every compose of this host, the one to use first.
    pub async fn all() -> Vec<Self> {
        futures_util::future::join_all(ALL.map(Self::called)).await.into_iter().flatten().collect()
    }

    /// The one that is called like this.
    async fn called(argv: &'static [&'static str]) -> Option<Self> {
        let answer = Command::new(argv[0]).args(argv[1..].iter().copied()).args(["version", "--short"]).finish().await;
        let answer = answer.ok().filter(|answer| answer.code == 0)?;
        let version = answer.stdout.trim().trim_start_matches('v').to_owned();
        Some(Self { generation: generation(&version)?, version, argv })
    }

    /// The one that is called like this (`docker compose`, `docker-compose`), as it was found before; `None` for what is no
    /// compose.
    #[must_use]
    pub fn of(command: &str, version: &str) -> Option<Self> {
        let argv = ALL.into_iter().find(|argv| argv.join(" ") == command)?;
        Some(Self { generation: generation(version)?, version: version.to_owned(), argv })
    }

    /// The command as a person types it: `docker compose` or `docker-compose`.
    #[must_use]
    pub fn command(&self) -> String {
        self.argv.join(" ")
    }

    /// Whether this compose can recreate containers on that engine.
    ///
    /// # Errors
    /// `engine-compose-too-old` for compose 1.x with an engine whose images have no `ContainerConfig`: it would stop the
    /// container and then die with `KeyError: 'ContainerConfig'`.
    pub fn suits(&self, engine: &EngineFacts) -> Result<(), Problem> {
        let gone = version_pair(&engine.api).is_some_and(|v| v >= WITHOUT_CONTAINER_CONFIG) || engine.containerd_images;
        if self.generation == Generation::V1 && gone {
            return Err(problem!(
                Refused,
                "engine-compose-too-old",
                compose = &self.version,
                engine = &engine.version,
                api = &engine.api
            ));
        }
        Ok(())
    }
}

fn generation(version: &str) -> Option<Generation> {
    match version.split('.').next()?.parse::<u32>().ok()? {
        0 => None,
        1 => Some(Generation::V1),
        _ => Some(Generation::V2),
    }
}

fn version_pair(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(api: &str) -> EngineFacts {
        EngineFacts {
            version: "x".into(),
            api: api.into(),
            id: "i".into(),
            root: String::new(),
            containerd_images: false,
        }
    }

    fn compose(version: &str) -> Compose {
        Compose { generation: generation(version).unwrap(), version: version.into(), argv: &[] }
    }

    #[test]
    fn the_pair_that_dies_after_the_stop_is_refused() {
        let v1 = compose("1.29.2");
        assert!(v1.suits(&engine("1.41")).is_ok());
        assert!(v1.suits(&engine("1.44")).is_ok());
        let problem = v1.suits(&engine("1.45")).unwrap_err();
        assert_eq!((problem.code(), problem.class), ("engine-compose-too-old", stapel_text::Class::Refused));
        assert!(v1.suits(&engine("1.100")).is_err());
        assert!(v1.suits(&EngineFacts { containerd_images: true, ..engine("1.43") }).is_err());
        assert!(compose("2.26.1-4").suits(&engine("1.51")).is_ok());
    }

    #[test]
    fn versions_as_they_are_printed() {
        assert_eq!(generation("1.29.2"), Some(Generation::V1));
        assert_eq!(generation("2.26.1-4"), Some(Generation::V2));
        assert_eq!(generation("5.0.1"), Some(Generation::V2));
        assert_eq!(generation("Docker"), None);
    }
}
