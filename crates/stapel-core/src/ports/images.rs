use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::Lines;
use crate::observation::Registry;

/// The content address of an image: `sha256:…` at Docker. Two equal ids are the same image, whatever its tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageId(pub String);

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of the app's directory a service is made of: paths relative to it, files or directories, `.` for all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// What its image is built from; `None` where that cannot be told.
    pub image: Option<Vec<String>>,
    /// Whether it is not built but comes from a registry.
    pub pulled: bool,
    /// What its environment comes from.
    pub env: Vec<String>,
    /// What it has mounted.
    pub mounts: Vec<String>,
    /// What defines the services.
    pub definition: Vec<String>,
    /// The same, as far as it is known: `*` stands for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsure: Vec<String>,
    /// The other services that must be there before it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub after: BTreeSet<String>,
    /// How many instances of it there are to be at once; 0 where that is not known.
    #[serde(default)]
    pub copies: u32,
    /// Whether it has anything mounted that it can write.
    #[serde(default)]
    pub writes: bool,
}

/// Images of an app's services: what runs, what the next start would take, what is kept for the way back.
#[async_trait]
pub trait Images: Send + Sync {
    /// The image of the real instance that runs now; `None` where none runs.
    async fn in_use(&self, service: &str) -> Result<Option<ImageId>, Problem>;

    /// The image that the service's definition names, which the next start takes; `None` before the first build.
    async fn pointed(&self, service: &str) -> Result<Option<ImageId>, Problem>;

    /// What the service is made of, by its definition as it is now; `None` where there is none yet.
    async fn parts(&self, service: &str) -> Result<Option<Parts>, Problem>;

    /// Makes the service's definition name `image`, without touching what runs.
    async fn point(&self, service: &str, image: &ImageId) -> Result<(), Problem>;

    /// Makes the service's definition name no image, as before the first build; one that names none is fine.
    async fn unpoint(&self, service: &str) -> Result<(), Problem>;

    /// Builds the service's image from the app's directory, as its definition says and with these build arguments over its
    /// own, and points the definition at it.
    async fn build(
        &self,
        service: &str,
        no_cache: bool,
        args: &BTreeMap<String, String>,
        lines: &dyn Lines,
    ) -> Result<ImageId, Problem>;

    /// Brings the image that the service's definition names from its registry, and gives it.
    async fn pull(&self, service: &str, lines: &dyn Lines) -> Result<ImageId, Problem>;

    /// What the registry has under the name that the definition says now.
    async fn offered(&self, service: &str) -> Result<Registry, Problem>;

    /// Keeps `image` under `tag` (a bare tag such as `stapel-r7`, in the service's own repository). Returns the full
    /// name a person would use.
    async fn keep(&self, service: &str, image: &ImageId, tag: &str) -> Result<String, Problem>;

    /// The image kept under `tag`.
    async fn kept(&self, service: &str, tag: &str) -> Result<Option<ImageId>, Problem>;

    /// Takes `tag` off; an absent one is fine. The image goes when nothing else names or uses it.
    async fn drop_tag(&self, service: &str, tag: &str) -> Result<(), Problem>;

    /// All tags of the service's repository that begin with `prefix`, sorted.
    async fn tags(&self, service: &str, prefix: &str) -> Result<Vec<String>, Problem>;

    /// Takes away images without a name that no instance was made from, if builds of this service have left them: those of
    /// `built`, and those that carry its own labels. Never one of `needed`, and nothing of anybody else's. Gives how many went.
    async fn drop_unnamed(&self, service: &str, built: &[ImageId], needed: &[ImageId]) -> Result<usize, Problem>;

    /// Lets go of what the engine's build cache holds beyond `keep` bytes, the longest unused first, and gives the bytes that
    /// this brought. An engine that has no such cache is fine.
    async fn prune_cache(&self, keep: u64) -> Result<u64, Problem>;

    /// Runs `argv` once in a fresh instance of `image` with the service's environment, volumes and networks, apart from
    /// what serves, and returns its exit code. Nothing of it is left over. Standard output and error go to `lines`.
    async fn run_once(
        &self,
        service: &str,
        image: &ImageId,
        argv: &[String],
        lines: &dyn Lines,
    ) -> Result<i32, Problem>;
}
