use std::fmt::Write as _;
use std::io::Write as _;

use bollard::query_parameters::{LogsOptions, WaitContainerOptions};
use camino::Utf8Path;
use futures_util::StreamExt;
use stapel_core::ports::{ImageId, Lines};
use stapel_text::{Problem, problem};

use super::containers::SERVICE;
use super::logs::Demux;
use super::{Docker, ONCE_LABEL, ONCE_PREFIX};
use crate::compose::success;
use crate::engine::failed;

impl Docker {
    /// Removes every container that a one-off run left over because its process died, and says how many. To be called
    /// only by the holder of the app's lock: a run of somebody else's would end with it.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn sweep_once(&self) -> Result<usize, Problem> {
        let left = self.labelled(&[ONCE_LABEL.to_owned()]).await?;
        for container in &left {
            self.delete(&container.id, true).await?;
        }
        let prefix = self.override_prefix();
        for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // One that is gone already is as good.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(left.len())
    }

    /// What the names of our compose files outside the app's directory begin with.
    fn override_prefix(&self) -> String {
        // A dot is in no project's name: that of another, which begins with this one's, has another prefix.
        format!("stapel-once-{}.", self.name())
    }

    pub(super) async fn once(
        &self,
        service: &str,
        image: &ImageId,
        argv: &[String],
        lines: &dyn Lines,
    ) -> Result<i32, Problem> {
        self.service(service)?;
        self.required_image(service, image).await?;
        let Some((program, arguments)) = argv.split_first() else {
            return Err(problem!(Usage, "engine-argv-empty", service = service));
        };
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{ONCE_PREFIX}{}-{service}-{}", self.name(), &unique[..12]);
        let over = self.image_override(service, image)?;
        let path = Utf8Path::from_path(over.path()).ok_or_else(|| problem!(Failed, "engine-temp-path"))?;
        // Started apart and followed through the API: compose's own lines stay out of the command's, its exit code is not
        // taken for the command's, and the container outlives nobody unseen.
        let command = self.compose_command(Some(path)).args(self.run_flags().iter().copied());
        let command = command.args(["-e", &format!("PGAPPNAME={}", self.session)]);
        let command = command.args(["--label", &format!("{ONCE_LABEL}={service}"), "--name", &name, "--entrypoint"]);
        let command = command.arg(quoted(program)).arg(service).args(arguments.iter().map(String::as_str));
        let started = command.finish().await.and_then(|f| success(f, "run"));
        let code = match started {
            Ok(_) => self.follow(&name, lines).await,
            Err(problem) => Err(problem),
        };
        self.delete(&name, true).await?;
        code
    }

    /// Hands on what a container prints until it ends, and gives its exit code.
    async fn follow(&self, name: &str, lines: &dyn Lines) -> Result<i32, Problem> {
        let options = LogsOptions { follow: true, stdout: true, stderr: true, ..Default::default() };
        let mut output = std::pin::pin!(self.engine.api.logs(name, Some(options)));
        let mut demux = Demux::default();
        while let Some(chunk) = output.next().await {
            match chunk {
                Ok(chunk) => demux.push(chunk, &mut |line| lines.line(line)),
                Err(error) => {
                    // A logging driver that cannot be read back: the exit code still counts.
                    tracing::warn!(container = name, %error, "no output");
                    break;
                }
            }
        }
        demux.end(&mut |line| lines.line(line));
        let mut waiting = std::pin::pin!(self.engine.api.wait_container(name, None::<WaitContainerOptions>));
        while let Some(answer) = waiting.next().await {
            match answer {
                Ok(_) | Err(bollard::errors::Error::DockerContainerWaitError { .. }) => {}
                Err(e) => return Err(failed(name, &e)),
            }
        }
        let ended = self.inspect(name).await?.and_then(|c| c.state).filter(|s| s.running != Some(true));
        let code = ended.and_then(|s| s.exit_code).and_then(|c| i32::try_from(c).ok());
        code.ok_or_else(|| problem!(Failed, "engine-once-lost", container = name))
    }

    /// A compose file outside the app's directory that changes nothing but the service's image.
    fn image_override(&self, service: &str, image: &ImageId) -> Result<tempfile::NamedTempFile, Problem> {
        let quote = |s: &str| serde_json::Value::from(s).to_string();
        let mut text = String::new();
        // 1.x before 1.27 wants the same version in each file.
        if let Some(version) = &self.resolved.version {
            let _ = writeln!(text, "version: {}", quote(version));
        }
        let _ = writeln!(text, "services:\n  {}:\n    image: {}", quote(service), quote(&image.0));
        let write = || {
            let mut file = tempfile::Builder::new().prefix(&self.override_prefix()).suffix(".yml").tempfile()?;
            file.write_all(text.as_bytes())?;
            Ok(file)
        };
        write().map_err(|e: std::io::Error| {
            problem!(Failed, "engine-temp-failed", directory = std::env::temp_dir().display(), error = e)
        })
    }

    /// The label by which compose marks a container's service.
    pub(super) fn service_label(service: &str) -> String {
        format!("{SERVICE}={service}")
    }
}

/// Both composes take `--entrypoint` apart at spaces and quotes, so that a program's path must be put in quotes.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r#"'"'"'"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entrypoints_are_quoted_where_they_must_be() {
        assert_eq!(quoted("/app/.venv/bin/alembic"), "/app/.venv/bin/alembic");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r#"'it'"'"'s'"#);
    }
}
