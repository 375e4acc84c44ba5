//! What the steps about images have in common.

use stapel_core::ports::ImageId;
use stapel_release::StepContext;
use stapel_text::Problem;

use crate::Site;

/// The tag under which a release's image is kept.
pub(crate) fn release_tag(release: u64) -> String {
    format!("stapel-r{release}")
}

/// The prefix of the dated tags (RUNBOOKS.md, C4).
pub(crate) const DATED: &str = "stapel-kept-";

/// The fact that holds the image that a release puts in service.
pub(crate) fn goal_fact(service: &str) -> String {
    format!("image.{service}")
}

fn former_fact(service: &str) -> String {
    format!("former_image.{service}")
}

/// Notes which image the way back leads to: what runs, or what the definition named where nothing runs.
pub(super) async fn note_former(site: &Site, service: &str, cx: &StepContext<'_>) -> Result<(), Problem> {
    let former = match site.world.images.in_use(service).await? {
        Some(image) => Some(image),
        None => site.world.images.pointed(service).await?,
    };
    cx.set_fact_once(&former_fact(service), &former)
}

/// The image that the way back leads to.
pub(super) fn former(service: &str, cx: &StepContext<'_>) -> Result<Option<ImageId>, Problem> {
    Ok(cx.fact::<Option<ImageId>>(&former_fact(service))?.flatten())
}

/// The definition names the former image again.
pub(super) async fn point_back(site: &Site, service: &str, cx: &StepContext<'_>) -> Result<(), Problem> {
    match former(service, cx)? {
        Some(image) => site.world.images.point(service, &image).await,
        None => Ok(()),
    }
}
