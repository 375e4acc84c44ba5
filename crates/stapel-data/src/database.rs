use async_trait::async_trait;
use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use crate::Proof;

/// What a dump is a dump of. It stands in manifests, so its words are part of their format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An archive of `pg_dump --format=custom`.
    Postgres,
    /// An SQLite file.
    Sqlite,
}

impl Kind {
    /// The extension of a dump's file name, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Postgres => "dump",
            Self::Sqlite => "db",
        }
    }
}

/// What one look at a database says.
pub struct Glance {
    /// How much it holds, in bytes.
    pub size: Result<u64, Problem>,
    /// What [`Database::column`] gives, where it was asked for.
    pub column: Option<Result<Option<Vec<String>>, Problem>>,
}

/// A database that can be dumped, and brought back from a dump.
#[async_trait]
pub trait Database: Send + Sync {
    /// What people call it; dumps are named after it.
    fn name(&self) -> String;

    /// What it is.
    fn kind(&self) -> Kind;

    /// The extension of a dump's file name, without the dot.
    fn extension(&self) -> &'static str {
        self.kind().extension()
    }

    /// Writes a consistent dump of the live database to `to`, which must not be there yet and is there only when it is
    /// whole: a temporary name in the same directory (`.stapel-…`), fsync, rename. Readable by its owner only.
    ///
    /// # Errors
    /// `io-failed`, and what the database says.
    async fn dump(&self, to: &Utf8Path) -> Result<(), Problem>;

    /// Reads `dump` back whole and says what is in it.
    ///
    /// # Errors
    /// `data-unproven` when it is damaged or not a dump at all; what the database says when it could not be asked.
    async fn prove(&self, dump: &Utf8Path) -> Result<Proof, Problem>;

    /// Puts the content of `dump` into the live database, whole or not at all. The dump is proven first. Whoever uses
    /// the database should be stopped: what is written after the dump was taken is lost, and locks are waited for.
    ///
    /// # Errors
    /// `data-unproven` before anything has changed; what the database says, and then it is as it was.
    async fn restore(&self, dump: &Utf8Path) -> Result<(), Problem>;

    /// How much the live database holds, in bytes on its disk: a bound for a dump of it, for the disk estimate.
    ///
    /// # Errors
    /// What the database says.
    async fn size(&self) -> Result<u64, Problem>;

    /// The values of a column, in their order; `None` where there is no such table. Both names are ours, never a user's.
    ///
    /// # Errors
    /// What the database says.
    async fn column(&self, table: &str, column: &str) -> Result<Option<Vec<String>>, Problem>;

    /// [`Database::size`] and, where a table and its column are given, [`Database::column`], at once: each question to one in a
    /// container takes a while.
    async fn glance(&self, column: Option<(&str, &str)>) -> Glance {
        let column = async {
            match column {
                Some((table, column)) => Some(self.column(table, column).await),
                None => None,
            }
        };
        let (size, column) = tokio::join!(self.size(), column);
        Glance { size, column }
    }

    /// Whether it is the app's own and comes with its first start. Any other has to be there before.
    fn comes_with_the_app(&self) -> bool {
        true
    }

    /// That it answers, and that what dumps it is there.
    ///
    /// # Errors
    /// Why not.
    async fn answers(&self) -> Result<(), Problem> {
        self.size().await.map(drop)
    }

    /// Ends what of ours is still at work in it after its process here has died or was dropped. Nothing there is fine.
    ///
    /// # Errors
    /// What the database says.
    async fn end_sessions(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// The command line with which a person restores `dump` without Stapel. `compose` is the team's own compose
    /// command (`docker compose -f production.yml`).
    ///
    /// # Errors
    /// What the database says when asked for its names.
    async fn by_hand(&self, dump: &Utf8Path, compose: &str) -> Result<String, Problem>;
}
