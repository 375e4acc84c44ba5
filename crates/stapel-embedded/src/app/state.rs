use std::net::SocketAddr;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use crate::files;

/// What an instance tells about itself in its state file. A process that ends without a last word was killed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Where it listens.
    pub(crate) address: Option<SocketAddr>,
    /// With what it ended.
    pub(crate) exit: Option<i64>,
}

impl State {
    pub(crate) fn read(path: &Utf8Path) -> Result<Option<Self>, Problem> {
        files::read_json(path)
    }

    /// Writes it where the runtime is still there to read it: a last word must not make a directory that was removed.
    pub(crate) fn write(&self, path: &Utf8Path) -> Result<(), Problem> {
        files::replace_there(path, &files::json(path, self)?)
    }
}
