//! What the steps about images have in common.

use stapel_core::ports::ImageId;
use stapel_release::StepContext;
use stapel_text::Problem;

use crate::Site;

/// What all tags of this app begin with: two targets on a host may share a repository.
pub(super) fn prefix(site: &Site) -> String {
    format!("stapel-{}-", &site.place.key()[..8])
}

/// The tag under which a release's image is kept.
pub(crate) fn release_tag(site: &Site, release: u64) -> String {
    format!("{}r{release}", prefix(site))
}

/// What the dated tags (RUNBOOKS.md, C4) begin with.
pub(super) fn dated(site: &Site) -> String {
    format!("{}kept-", prefix(site))
}

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

/// The definition names the former image again, or none, where it had none.
pub(crate) async fn point_back(site: &Site, service: &str, cx: &StepContext<'_>) -> Result<(), Problem> {
    match cx.fact::<Option<ImageId>>(&former_fact(service))? {
        Some(Some(image)) => site.world.images.point(service, &image).await,
        Some(None) => site.world.images.unpoint(service).await,
        // The step never came to look.
        None => Ok(()),
    }
}
