use std::time::Duration;

use stapel_core::ports::{Health, Instance};
use stapel_release::StepContext;
use stapel_text::{Problem, Text, problem, text};

use crate::{Context, Version};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How many lines of its log a start that failed is shown with.
const LOG_TAIL: usize = 20;

/// Waits until the instance is healthy and the checks admit it.
///
/// # Errors
/// `rollouts-not-healthy` with the end of its log as soon as it cannot become healthy any more or the time is over;
/// what the checks say.
pub(crate) async fn healthy(
    cx: &Context,
    service: &str,
    instance: &Instance,
    version: Version,
    step: &StepContext<'_>,
) -> Result<(), Problem> {
    match unwell(cx, service, instance).await? {
        None => cx.gate.admits(instance, version, step).await,
        Some((detail, logs)) => {
            Err(problem!(Failed, "rollouts-not-healthy", instance = &instance.name, detail = detail, logs = logs))
        }
    }
}

/// Waits until the instance is healthy. What is wrong with it and the end of its log, as soon as it cannot become healthy
/// any more or the time is over; `None`: it is healthy.
///
/// # Errors
/// When it cannot be looked at.
pub(crate) async fn unwell(
    cx: &Context,
    service: &str,
    instance: &Instance,
) -> Result<Option<(Text, String)>, Problem> {
    let what = text!("rollouts-await-healthy", service = service);
    let found = stapel_host::until(what, LOOK_EVERY, cx.healthy_within, async || {
        match cx.world.instances.health(instance).await? {
            Health::Healthy => Ok(Some(None)),
            Health::Starting => Ok(None),
            Health::Unhealthy(said) => Ok(Some(Some(text!("rollouts-unhealthy", said = said)))),
            Health::Exited(code) => Ok(Some(Some(text!("rollouts-exited", code = code.to_string())))),
            Health::Gone => Ok(Some(Some(text!("rollouts-gone")))),
        }
    })
    .await;
    let detail = match found {
        Ok(None) => return Ok(None),
        Ok(Some(detail)) => detail,
        Err(problem) if problem.code() == "timed-out" => problem.what,
        Err(problem) => return Err(problem),
    };
    let logs = cx.world.instances.logs(instance, LOG_TAIL, None).await.unwrap_or_default();
    Ok(Some((detail, logs.join("\n    "))))
}
