//! The images of the test world: those that the examples name and those of the servers themselves.
//!
//! A name that a registry serves is pulled. Where none answers an image of that name is made from Debian's packages,
//! so that the examples' files stay what a user would write. What is made here carries a hash of all it was made from
//! as a label and is made again only when that changes; an image without the label is somebody's real one and stays.

mod debian;
mod recipe;
mod registry;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::place::lock;
use crate::tool::Tool;
use recipe::{RECIPES, Recipe};
use registry::Registry;

/// The label with the hash of what an image was made from.
const LABEL: &str = "stapel.testkit.made-from";

/// Where an image came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was there already and is up to date.
    There,
    /// A registry served it.
    Pulled,
    /// It was made here from Debian's packages.
    Made,
}

/// One image that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name and tag.
    pub name: &'static str,
    /// Where it came from, this time.
    pub origin: Origin,
    /// How long that took.
    pub took: Duration,
}

/// Brings all images of the test world to this machine's Docker; quick when they are there. Other test processes wait
/// meanwhile. Progress goes to `say`.
///
/// # Errors
/// When an image can neither be pulled nor made.
pub fn ensure(say: &dyn Fn(&str)) -> Result<Vec<Image>> {
    let _alone = lock("images")?;
    let mut registry = Registry::default();
    RECIPES.iter().map(|recipe| bring(recipe, &mut registry, say)).collect()
}

/// The identity of an image's content at this machine's Docker; `None` where there is no such image.
#[must_use]
pub fn id(name: &str) -> Option<String> {
    Tool::docker(["image", "inspect", "--format", "{{.Id}}", name]).run().ok()
}

fn bring(recipe: &Recipe, registry: &mut Registry, say: &dyn Fn(&str)) -> Result<Image> {
    let start = Instant::now();
    let origin = match made_from(recipe.name) {
        Some(hash) if hash.is_empty() && recipe.public => Origin::There,
        Some(hash) if hash == recipe.hash()? => Origin::There,
        None if recipe.public && registry.pull(recipe.name, say)? => Origin::Pulled,
        _ => {
            say(&format!("making {}", recipe.name));
            let former = id(recipe.name);
            recipe.make()?;
            if let Some(former) = former.filter(|former| id(recipe.name).as_ref() != Some(former)) {
                // A container may still need it; then it goes with the next change.
                let _ = Tool::docker(["image", "rm", &former]).finish()?;
            }
            Origin::Made
        }
    };
    let took = start.elapsed();
    if origin != Origin::There {
        say(&format!("{} is there after {:.1} s", recipe.name, took.as_secs_f64()));
    }
    Ok(Image { name: recipe.name, origin, took })
}

/// The hash in an image's label; empty where it has none, `None` where there is no such image.
fn made_from(name: &str) -> Option<String> {
    let format = format!("{{{{with .Config.Labels}}}}{{{{index . \"{LABEL}\"}}}}{{{{end}}}}");
    Tool::docker(["image", "inspect", "--format", &format, name]).run().ok()
}
