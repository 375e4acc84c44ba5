use std::fs::File;

use async_trait::async_trait;
use stapel_core::ports::{Exec, ExecOutput, Instances};
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::Docker;

#[async_trait]
impl Exec for Docker {
    /// Values of `env` go by way of our own environment to the docker program, so that no process list shows them.
    async fn exec(
        &self,
        service: &str,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem> {
        if argv.is_empty() {
            return Err(problem!(Usage, "engine-argv-empty", service = service));
        }
        let Some(real) = self.real(service).await?.filter(|i| i.running) else {
            return Err(problem!(Failed, "engine-not-running", service = service));
        };
        let mut command = Command::new("docker").arg("exec");
        if stdin.is_some() {
            command = command.arg("-i");
        }
        for (name, value) in env {
            command = command.args(["-e", name.as_str()]).env(name, value);
        }
        command = command.env("DOCKER_HOST", self.engine.host()).arg(real.id).args(argv.iter().map(String::as_str));
        if let Some(file) = stdin {
            command = command.stdin_file(file);
        }
        let finished = match stdout {
            Some(file) => command.into_file(file).await?,
            None => command.finish().await?,
        };
        Ok(ExecOutput { code: finished.code, stdout: finished.stdout, stderr: finished.stderr })
    }
}
