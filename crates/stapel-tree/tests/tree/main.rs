//! Scanning, storing, applying and undoing on real directories.
//! The modules are marked as tests so that the lint on `unwrap` knows their helpers for what they are.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod random;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod store;
#[cfg(test)]
mod world;
