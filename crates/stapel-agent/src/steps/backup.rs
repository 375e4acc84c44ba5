use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use stapel_core::plan::Residue;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, bytes, problem, text};

use crate::Site;

/// Dumps a database and reads the dump back whole. The dump is kept whatever becomes of the release.
pub(super) struct Backup {
    pub(super) site: Arc<Site>,
    pub(super) database: String,
}

#[async_trait]
impl Step for Backup {
    fn does(&self) -> Text {
        text!("agent-backup-does", database = &self.database)
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Observation
    }

    fn leaves(&self) -> &'static [Residue] {
        &[Residue::Dump]
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let database = self.site.databases.get(&self.database);
        let database = database.ok_or_else(|| problem!(Failed, "agent-no-database", database = &self.database))?;
        let dir = self.site.backup_dir();
        let taken =
            stapel_data::backup::take(database.as_ref(), &dir, &self.site.backup_label(cx.release()), Timestamp::now())
                .await?;
        let tables = taken.proof.as_ref().map_or(0, |p| p.tables);
        cx.say(text!(
            "agent-backup-done",
            path = dir.join(&taken.file).as_str(),
            size = bytes(taken.bytes),
            tables = tables
        ));
        Ok(())
    }

    /// The dump stays; one that was dropped or died in its midst may still be at work in the database, with its locks.
    async fn undo(&self, _: &StepContext<'_>) -> Result<(), Problem> {
        self.site.end_sessions(&self.database).await;
        Ok(())
    }
}
