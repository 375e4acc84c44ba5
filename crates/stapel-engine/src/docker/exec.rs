use std::fs::File;

use async_trait::async_trait;
use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use stapel_core::ports::{Exec, ExecOutput, Instance, Instances};
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::Docker;
use crate::engine::failed;

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
        if stdin.is_none() && stdout.is_none() {
            return self.exec_attached(&real, argv, env).await;
        }
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

    /// As the engine has it on record: what is asked before each plan need not start a process there.
    async fn variable(&self, service: &str, name: &str) -> Result<Option<String>, Problem> {
        let Some(real) = self.real(service).await?.filter(|i| i.running) else {
            return Err(problem!(Failed, "engine-not-running", service = service));
        };
        let env = self.inspect(&real.id).await?.and_then(|c| c.config).and_then(|c| c.env).unwrap_or_default();
        let value = env.iter().find_map(|set| set.strip_prefix(name)?.strip_prefix('='));
        Ok(value.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned))
    }
}

impl Docker {
    /// Without a program in between, which takes longer to start than most of what is asked.
    async fn exec_attached(
        &self,
        real: &Instance,
        argv: &[String],
        env: &[(String, String)],
    ) -> Result<ExecOutput, Problem> {
        let wrong = |e: bollard::errors::Error| failed(&real.name, &e);
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.to_vec()),
            env: Some(env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            ..Default::default()
        };
        let made = self.engine.api.create_exec(&real.id, config).await.map_err(wrong)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let started = self.engine.api.start_exec(&made.id, None::<StartExecOptions>).await.map_err(wrong)?;
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(part) = output.next().await {
                match part.map_err(wrong)? {
                    LogOutput::StdErr { message } => stderr.extend_from_slice(&message),
                    other => stdout.extend_from_slice(other.as_ref()),
                }
            }
        }
        let ended = self.engine.api.inspect_exec(&made.id).await.map_err(wrong)?;
        let code = ended.exit_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(ExecOutput { code, stdout: text(stdout), stderr: text(stderr) })
    }
}
