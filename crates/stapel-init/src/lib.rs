//! `stapel init`: reads a project, and a host where one is given, and makes a `stapel.toml` of it.
//!
//! One file a source of knowledge in `read` and `compose`, each of which says where it has it from; [`Facts`] is all of it;
//! [`decide`] makes a [`Draft`] of the facts, purely; [`Draft::render`] writes it, with comments in the operator's language.
//! Secrets are not kept: of commands only telling words, of variables only names and where addresses lead to.

mod compose;
mod decide;
mod draft;
mod facts;
mod place;
mod project;
mod read;
mod sign;
mod survey;
mod tree;

pub use compose::{Build, Bundle, By, Composition, Leads, Mount, Service, Source, Variable};
pub use decide::decide;
pub use draft::{Draft, Judged, Twice};
pub use facts::Facts;
pub use place::{Found, Place};
pub use project::{Asked, Project};
pub use read::Route;
pub use sign::Sign;
pub use survey::{Survey, survey};
