use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::ports::{ImageId, Images, Lines, Silent};
use stapel_text::{Problem, problem};

use super::heard::Heard;
use super::{Argv, Migrations, Tool, revisions};
use crate::mask;

/// How many of the last lines a failure shows.
const SAID: usize = 20;

/// A migration tool on the command line, run once in a fresh instance of an image.
#[derive(Clone)]
pub struct Commands {
    /// The service whose environment, volumes and networks the tool gets.
    pub service: String,
    /// Runs it.
    pub images: Arc<dyn Images>,
    /// Its command lines.
    pub argv: Argv,
}

impl Commands {
    /// A tool with the command lines that it has by itself.
    pub fn new(service: impl Into<String>, images: Arc<dyn Images>, tool: Tool) -> Self {
        Self { service: service.into(), images, argv: tool.argv() }
    }

    async fn run(&self, image: &ImageId, argv: &[String], lines: &dyn Lines) -> Result<Vec<String>, Problem> {
        let heard = Heard::new(lines);
        let code = self.images.run_once(&self.service, image, argv, &heard).await?;
        let said = heard.lines();
        if code == 0 {
            return Ok(said);
        }
        let tail = said[said.len().saturating_sub(SAID)..].join("\n");
        Err(problem!(
            Failed,
            "data-migration-failed",
            service = &self.service,
            command = mask::passwords(&argv.join(" ")).into_owned(),
            code = code.to_string(),
            output = tail
        ))
    }
}

#[async_trait]
impl Migrations for Commands {
    async fn current(&self, image: &ImageId) -> Result<Vec<String>, Problem> {
        Ok(revisions(&self.run(image, &self.argv.current, &Silent).await?))
    }

    async fn heads(&self, image: &ImageId) -> Result<Vec<String>, Problem> {
        Ok(revisions(&self.run(image, &self.argv.heads, &Silent).await?))
    }

    async fn upgrade(&self, image: &ImageId, lines: &dyn Lines) -> Result<(), Problem> {
        self.run(image, &self.argv.upgrade, lines).await.map(drop)
    }

    async fn downgrade(&self, image: &ImageId, to: &str, lines: &dyn Lines) -> Result<(), Problem> {
        let mut argv = self.argv.downgrade.clone();
        argv.push(if to.is_empty() { self.argv.base.clone() } else { to.to_owned() });
        self.run(image, &argv, lines).await.map(drop)
    }
}
