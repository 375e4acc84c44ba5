//! Bringing a tree to the host.

use std::collections::HashMap;

use camino::Utf8Path;
use futures_util::{StreamExt, stream};
use stapel_agent::protocol::{Announced, Ask, Fetched, Reply, Request};
use stapel_text::{Problem, problem};
use stapel_tree::{Access, Block, Hash, Manifest, Wanted};
use stapel_wire::MAX_PAYLOAD;
use tokio::sync::mpsc;

use super::{Client, unexpected};
use crate::args::Commit;
use crate::project::{Project, Tree};
use crate::render::Screen;

/// How many blocks are compressed at once, and how many wait to be sent.
const AT_ONCE: usize = 4;
const AHEAD: usize = 16;

/// Compressed bytes that are announced together.
const TOGETHER: usize = 2 << 20;

async fn compressed(group: Vec<Wanted>) -> Result<Block, Problem> {
    let compressed = stapel_host::blocking(move || stapel_tree::compress_group(&group)).await;
    compressed.map_err(|e| problem!(Failed, "agent-task", error = e.to_string()))?
}

impl Client {
    async fn send_content(&mut self, content: &[u8]) -> Result<(), Problem> {
        for part in content.chunks(MAX_PAYLOAD) {
            self.session.connection.send_content(part).await?;
        }
        Ok(())
    }

    /// Brings up what of the tree is not on the host yet, and gives what is to be asked for it. It harms nobody and can be
    /// done again.
    pub(crate) async fn bring(&mut self, project: &Project, tree: &Tree, screen: &Screen) -> Result<Ask, Problem> {
        let hash = self.offer(project, &tree.base(project), &tree.manifest, screen).await?;
        Ok(Ask::Deploy { manifest: hash, commit: tree.commit(), subject: tree.subject().map(str::to_owned) })
    }

    /// Has the host's own checkout fetch, and brings it the files with secrets that are here.
    pub(crate) async fn fetch(
        &mut self,
        project: &Project,
        commit: &Commit,
        screen: &Screen,
    ) -> Result<Fetched, Problem> {
        let env = project.env()?;
        if !env.entries.is_empty() {
            self.offer(project, project.root(), &env, screen).await?;
        }
        let (reference, may_drop) = (commit.reference.clone(), commit.allow_rewritten);
        match self.ask(&Request::Fetch { reference, may_drop, env: env.entries }).await? {
            Reply::Fetched(fetched) => Ok(*fetched),
            other => Err(unexpected(&other)),
        }
    }

    /// Brings up what of a manifest is not on the host yet, and gives its hash.
    async fn offer(
        &mut self,
        project: &Project,
        base: &Utf8Path,
        manifest: &Manifest,
        screen: &Screen,
    ) -> Result<Hash, Problem> {
        let known = manifest.name();
        let mut reply = self.ask(&Request::Known { manifest: known }).await?;
        let offered = reply == Reply::Unknown;
        if offered {
            let packed = stapel_tree::compress_bytes(&manifest.to_json())?;
            self.session.connection.send(&Request::Offer { manifest: known, bytes: packed.len() as u64 }).await?;
            self.send_content(&packed).await?;
            reply = self.receive().await?;
        }
        let (hash, mut missing) = match reply {
            // All of it was brought before.
            Reply::Wanted { manifest, missing } if missing.is_empty() && !offered => return Ok(manifest),
            Reply::Wanted { manifest, missing } => (manifest, missing),
            other => return Err(unexpected(&other)),
        };
        // A content that is in a file with secrets is one, whatever other file has it too.
        let mut paths: HashMap<Hash, (&String, bool)> = HashMap::new();
        for (path, entry) in &manifest.entries {
            if let Some(hash) = entry.hash() {
                paths.entry(hash).or_insert((path, false)).1 |= project.is_secret(path);
            }
        }
        // What lies together here lies together there, and is read there together.
        missing.sort_by_key(|hash| paths.get(hash).map(|(path, _)| *path));
        let total = missing.len();
        let sizes = manifest.contents();
        let wanted = missing.into_iter().map(|hash| match paths.get(&hash).zip(sizes.get(&hash)) {
            Some(((path, secret), size)) => {
                let access = if *secret { Access::Owner } else { Access::Group };
                Ok(Wanted { hash, size: *size, path: project.path(base, path), access })
            }
            None => Err(problem!(Failed, "cli-protocol", reply = hash.to_string())),
        });
        let groups = stapel_tree::group(wanted.collect::<Result<_, Problem>>()?);
        // The next ones are compressed while some are on their way: by a task of its own, that does not wait for the line.
        let (to, mut ready) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let mut compressed = stream::iter(groups).map(compressed).buffered(AT_ONCE).boxed();
            while let Some(block) = compressed.next().await {
                // Nobody waits for it where the line was cut.
                if to.send(block).await.is_err() {
                    return;
                }
            }
        });
        let (mut blocks, mut together, mut done) = (Vec::new(), Vec::new(), 0);
        while let Some(block) = ready.recv().await {
            let Block { parts, bytes, access } = block?;
            done += parts.len();
            blocks.push(Announced { parts, bytes: bytes.len() as u64, secret: access == Access::Owner });
            together.extend_from_slice(&bytes);
            if together.len() >= TOGETHER || done == total {
                self.session.connection.send(&Request::Objects { blocks: std::mem::take(&mut blocks) }).await?;
                self.send_content(&together).await?;
                together.clear();
                screen.bringing_files(done, total);
            }
        }
        match self.ask(&Request::Stored).await? {
            Reply::Stored => Ok(hash),
            other => Err(unexpected(&other)),
        }
    }
}
