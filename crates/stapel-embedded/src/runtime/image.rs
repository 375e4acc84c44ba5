use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_core::ports::ImageId;
use stapel_text::{Problem, problem};

use super::Embedded;
use crate::files;

/// What stands before the hash in an image's id.
const KIND: &str = "blake3:";

/// What an instance is started from. It never changes: its id is the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    /// The version of this format.
    format: u32,
    /// The version of the demo app.
    pub(crate) version: u32,
    /// The database file, from the app's directory on.
    pub(crate) database: Utf8PathBuf,
}

impl Image {
    pub(crate) fn new(version: u32, database: Utf8PathBuf) -> Self {
        Self { format: 1, version, database }
    }

    fn id(&self) -> ImageId {
        let content = format!("{}\n{}\n{}", self.format, self.version, self.database);
        ImageId(format!("{KIND}{}", blake3::hash(content.as_bytes()).to_hex()))
    }
}

impl Embedded {
    /// Stores an image. One that is there already is the same.
    pub(crate) fn store_image(&self, image: &Image) -> Result<ImageId, Problem> {
        let id = image.id();
        let path = self.image_file(&id)?;
        if !path.exists() {
            files::replace_json(&path, image)?;
        }
        Ok(id)
    }

    /// The image of this id.
    ///
    /// # Errors
    /// `embedded-image-missing`, `embedded-file-invalid`.
    pub(crate) fn image(&self, id: &ImageId) -> Result<Image, Problem> {
        files::read_json(&self.image_file(id)?)?.ok_or_else(|| missing(id))
    }

    /// Where the image of this id lies.
    pub(crate) fn image_file(&self, id: &ImageId) -> Result<Utf8PathBuf, Problem> {
        let hash = id.0.strip_prefix(KIND).filter(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()));
        Ok(self.root.join("images").join(format!("{}.json", hash.ok_or_else(|| missing(id))?)))
    }
}

fn missing(id: &ImageId) -> Problem {
    problem!(Failed, "embedded-image-missing", image = id.to_string())
}
