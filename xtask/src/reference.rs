use std::path::PathBuf;

use anyhow::Result;
use stapel_core::config::reference;
use stapel_text::{Catalogue, Lang};

use crate::cargo;

/// The pages, with what is to be in them.
fn pages() -> Vec<(PathBuf, String)> {
    let page = |lang, name: &str| (cargo::root().join("docs").join(name), reference(&Catalogue::new(lang)));
    vec![page(Lang::En, "stapel.toml.md"), page(Lang::Ru, "stapel.toml.ru.md")]
}

/// Writes the reference of `stapel.toml` in both languages.
pub(crate) fn run() -> Result<()> {
    for (path, text) in pages() {
        std::fs::create_dir_all(path.parent().unwrap_or(&cargo::root()))?;
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_up_to_date() {
        for (path, text) in pages() {
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(there == text, "{} is not: run `cargo xtask reference`", path.display());
        }
    }
}
