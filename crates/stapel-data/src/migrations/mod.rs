//! Migration tools of the app, run in its own image: what the schema is, what it could be, up and down.

mod commands;
mod files;
mod heard;
mod revisions;
mod tool;

use async_trait::async_trait;
use stapel_core::ports::{ImageId, Lines};
use stapel_text::Problem;

pub use commands::Commands;
pub use files::{ALEMBIC_TABLE, Lacks, Read, Revision, alembic_folder, pending};
pub use revisions::revisions;
pub use tool::{Argv, Tool};

/// The schema of an app's database, moved by the migrations that an image holds.
#[async_trait]
pub trait Migrations: Send + Sync {
    /// The revisions that the database is at, by the word of the tool in `image`; none where it never was migrated.
    ///
    /// # Errors
    /// `data-migration-failed`: also when the database is at a revision that `image` does not know.
    async fn current(&self, image: &ImageId) -> Result<Vec<String>, Problem>;

    /// The newest revisions that `image` holds; several where its history has branches.
    ///
    /// # Errors
    /// `data-migration-failed`.
    async fn heads(&self, image: &ImageId) -> Result<Vec<String>, Problem>;

    /// Migrates to the newest revision in `image`. What the tool prints goes to `lines`, passwords in URLs masked.
    ///
    /// # Errors
    /// `data-migration-failed`, with the last lines that the tool printed.
    async fn upgrade(&self, image: &ImageId, lines: &dyn Lines) -> Result<(), Problem>;

    /// Goes back down to the revision `to`; to before the first one where `to` is empty. `image` must hold the
    /// revisions that are left.
    ///
    /// # Errors
    /// `data-migration-failed`, with the last lines that the tool printed.
    async fn downgrade(&self, image: &ImageId, to: &str, lines: &dyn Lines) -> Result<(), Problem>;
}
