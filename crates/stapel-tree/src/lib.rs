//! What is shipped: a [`Manifest`] of a directory, an [`ObjectStore`] of file contents, and the way from what is on the
//! host to what a manifest says and back again ([`plan_apply`], [`carry_out`], [`revert`]).
//!
//! Everything here blocks; callers in async code use `spawn_blocking`.

mod apply;
mod beneath;
mod docker_ignore;
mod drift;
mod durable;
mod entry;
mod hash;
mod manifest;
mod memory;
mod names;
mod observe;
mod parallel;
mod rules;
mod scan;
mod store;
mod transfer;
mod walk;

pub use apply::{Applied, Attributes, Change, Displaced, carry_out, look, plan_apply, revert, sweep};
pub use docker_ignore::docker_ignored;
pub use drift::{Drift, drift};
pub use entry::Entry;
pub use hash::Hash;
pub use manifest::Manifest;
pub use memory::Memory;
pub use rules::{DEFAULT_EXCLUDES, Rules, pattern_of};
pub use scan::scan;
pub use store::{
    Access, Block, ObjectStore, Part, Wanted, compress, compress_bytes, compress_group, decompress_bytes, group,
};
pub use transfer::Transfer;

use stapel_text::{Problem, problem};

/// The problem of an operation of the system on `path`.
fn io(path: impl std::fmt::Display, error: impl Into<std::io::Error>) -> Problem {
    problem!(Failed, "io-failed", path = path.to_string(), error = error.into())
}
