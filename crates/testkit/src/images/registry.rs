use std::time::Duration;

use anyhow::Result;

use crate::tool::Tool;

/// Until the first pull has come to something: one that hangs is no registry.
const DECISION: Duration = Duration::from_secs(45);
/// For a pull from a registry that is known to answer.
const PULL: Duration = Duration::from_secs(600);

/// Whether a registry serves this machine, as the first pull of this run found.
#[derive(Debug, Default)]
pub(super) struct Registry {
    answers: Option<bool>,
}

impl Registry {
    /// Pulls an image; `false` where no registry serves it. Once a first pull failed none is tried again.
    pub(super) fn pull(&mut self, name: &str, say: &dyn Fn(&str)) -> Result<bool> {
        if self.answers == Some(false) {
            return Ok(false);
        }
        say(&format!("pulling {name}"));
        let limit = if self.answers.is_none() { DECISION } else { PULL };
        let pulled = Tool::docker(["pull", "--quiet", name]).succeeds_within(limit)?;
        if self.answers.is_none() && !pulled {
            say("no registry answers: images are made from Debian's packages");
        }
        self.answers.get_or_insert(pulled);
        Ok(pulled)
    }
}
