//! Dumps that last: a file, and beside it a manifest that says what it is, what proves it and how to restore it.

mod label;
mod list;
mod manifest;
mod restore;
mod retention;
mod take;

pub use label::Label;
pub use list::{Listing, list};
pub use manifest::{BackupManifest, FORMAT};
pub use restore::{remove, restore, verify};
pub use retention::retention;
pub use take::{sweep, take};
