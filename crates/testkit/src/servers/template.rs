use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::container::{Container, docker_answers};
use super::{Flavour, labels};
use crate::images;
use crate::place::lock;
use crate::tool::Tool;
use crate::wait::until_true;

/// What every server's Docker has from the start.
const IMAGES: [&str; 5] = ["debian:bookworm-slim", "python:3.11-slim", "postgres:15", "redis:7", "caddy:2"];

/// In a template whose making came to its end.
const COMPLETE: &str = ".stapel-complete";

/// The exit code of a copy from a template that is not complete.
const NOT_COMPLETE: i32 = 42;

/// Copies $1 into $2, both volumes below /volumes. Files of image layers are never written to again, so a second name for
/// them is as good as a copy; all else is copied. Without `engine-id` the daemon takes a new identity, as each has one.
const COPY: &str = "\
from=/volumes/$1/_data to=/volumes/$2/_data
test -e \"$from/.stapel-complete\" || exit 42
cd \"$from\" || exit 1
for entry in *; do
    case $entry in
        engine-id) ;;
        overlay2) cp -al \"$entry\" \"$to/\" || cp -a \"$entry\" \"$to/\" || exit 1 ;;
        *) cp -a \"$entry\" \"$to/\" || exit 1 ;;
    esac
done";

/// Fills a new volume with a Docker of this flavour that has all images. The template is made first where there is
/// none for just these images.
pub(super) fn fill(flavour: Flavour, volume: &str) -> Result<()> {
    let flavour = flavour.docker();
    let template = name(flavour)?;
    if copy(flavour, &template, volume)? {
        return Ok(());
    }
    let _alone = lock(&format!("template-{flavour}"))?;
    // Another process may have made it while this one waited.
    if copy(flavour, &template, volume)? {
        return Ok(());
    }
    make(flavour, &template).with_context(|| format!("failed to make {template}"))?;
    if !copy(flavour, &template, volume)? {
        bail!("{template} is not complete right after it was made");
    }
    Ok(())
}

fn name(flavour: Flavour) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for image in IMAGES.iter().chain([&flavour.image()]) {
        let id = images::id(image).with_context(|| format!("the image {image} is missing: images::ensure first"))?;
        hasher.update(id.as_bytes());
    }
    Ok(format!("stapel-template-{flavour}-{}", &hasher.finalize().to_hex()[..12]))
}

/// Whether there was a complete template to copy.
fn copy(flavour: Flavour, template: &str, volume: &str) -> Result<bool> {
    if !Tool::docker(["volume", "inspect", template]).succeeds() {
        return Ok(false);
    }
    // `/var/lib/docker/volumes` or wherever this Docker has it: both volumes below one mount, or there are no links.
    let mountpoint = Tool::docker(["volume", "inspect", "--format", "{{.Mountpoint}}", volume]).run()?;
    let volumes = mountpoint.trim_end_matches("/_data").trim_end_matches(volume).to_owned() + ":/volumes";
    let out =
        Tool::docker(["run", "--rm", "--network=none", "--cap-add=SYS_ADMIN", "--security-opt=apparmor=unconfined"])
            .args(["--volume", &volumes, flavour.image(), "sh", "-c", COPY, "copy", template, volume])
            .finish()?;
    match out.code {
        0 => Ok(true),
        NOT_COMPLETE => Ok(false),
        _ => bail!("failed to copy {template}: {}", out.stderr.trim()),
    }
}

fn make(flavour: Flavour, template: &str) -> Result<()> {
    remove_others(flavour)?;
    let maker = format!("stapel-template-maker-{flavour}");
    let gone = || Tool::docker(["rm", "--force", "--volumes", &maker]).finish();
    gone()?;
    let label = format!("{}={flavour}", labels::TEMPLATE);
    Tool::docker(["volume", "create", "--label", &label, template]).run()?;
    let container =
        Container { name: &maker, hostname: &maker, flavour, volume: template, address: None, labels: vec![label] };
    let made = container.run().and_then(|()| load(&maker));
    gone()?;
    made
}

fn load(maker: &str) -> Result<()> {
    until_true("the Docker of a new template answers", Duration::from_secs(60), || docker_answers(maker))?;
    Tool::docker(["save"]).args(IMAGES).pipe_into(Tool::docker([
        "exec",
        "--interactive",
        maker,
        "docker",
        "load",
        "--quiet",
    ]))?;
    // In order, so that its databases are on the disk before they are copied.
    Tool::docker(["exec", maker, "pkill", "-TERM", "-x", "dockerd"]).run()?;
    until_true("the Docker of a new template ends", Duration::from_secs(60), || {
        !Tool::docker(["exec", maker, "pidof", "dockerd", "containerd"]).succeeds()
    })?;
    Tool::docker(["exec", maker, "touch", &format!("/var/lib/docker/{COMPLETE}")]).run()?;
    Ok(())
}

/// Templates of this flavour for other images; links into them stay good.
fn remove_others(flavour: Flavour) -> Result<()> {
    let filter = format!("label={}={flavour}", labels::TEMPLATE);
    let all = Tool::docker(["volume", "ls", "--quiet", "--filter", &filter]).run()?;
    for old in all.lines() {
        // One that a maker of another run uses right now refuses, and is left to it.
        let _ = Tool::docker(["volume", "rm", old]).finish()?;
    }
    Ok(())
}
