//! The steps of a release, one file each: what it does, its undo, and the ids of both texts.

mod ask;
mod backup;
mod baseline;
mod build;
mod checkout;
mod hold_image;
mod hook;
mod image;
mod keep_image;
mod migrate;
mod migrate_down;
mod point_image;
mod prune;
mod ship;
mod verify;
mod watch;

pub(crate) use build::named_fact;
pub(crate) use image::{goal_fact, point_back, release_tag};
pub(crate) use ship::APPLIED;

use std::sync::Arc;

use stapel_core::plan::StepSpec;
use stapel_release::Step;
use stapel_text::{Problem, problem};

use crate::Site;

/// Makes the step that a plan names.
///
/// # Errors
/// For a plan of another version, which names what this one does not have.
pub(crate) fn make(site: &Arc<Site>, spec: &StepSpec) -> Result<Box<dyn Step>, Problem> {
    let site = Arc::clone(site);
    Ok(match spec.clone() {
        StepSpec::Baseline => Box::new(baseline::Baseline { site }),
        StepSpec::Backup { database } => Box::new(backup::Backup { site, database }),
        StepSpec::Ship => Box::new(ship::Ship { site }),
        StepSpec::Checkout { commit } => Box::new(checkout::Checkout { site, commit }),
        StepSpec::KeepImage { service } => Box::new(keep_image::KeepImage { site, service }),
        StepSpec::HoldImage { service } => Box::new(hold_image::HoldImage { site, service }),
        StepSpec::Build { service, no_cache, pull } => Box::new(build::Build { site, service, no_cache, pull }),
        StepSpec::PointImage { service, release } => Box::new(point_image::PointImage { site, service, release }),
        StepSpec::Migrate { service, serves } => Box::new(migrate::Migrate { site, service, serves }),
        StepSpec::MigrateDown { service, to } => Box::new(migrate_down::MigrateDown { site, service, to }),
        StepSpec::Phase { rollout, phase, service } => {
            let context = site.rollout_context(&service);
            stapel_rollouts::step(&rollout, &phase, &service, &context)?
        }
        StepSpec::Verify => Box::new(verify::Verify { site }),
        StepSpec::Watch => Box::new(watch::Watch { site }),
        StepSpec::Ask { check } => {
            let found = site.checks.question(&check).cloned();
            let check = found.ok_or_else(|| problem!(Failed, "agent-no-check", check = check))?;
            Box::new(ask::Ask { site, check })
        }
        StepSpec::Prune => Box::new(prune::Prune { site }),
        StepSpec::Hook { hook: number, .. } => {
            let hook = number.checked_sub(1).and_then(|index| site.config.hooks.get(index)).cloned();
            let hook = hook.ok_or_else(|| problem!(Failed, "agent-no-hook", hook = number.to_string()))?;
            Box::new(hook::Hook { site, number, hook })
        }
    })
}
