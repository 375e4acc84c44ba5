//! Every text for people, in English and Russian.
//!
//! A room never writes a sentence: it makes a [`Text`] or a [`Problem`] with [`text!`] or [`problem!`], which carry an
//! id and data. They travel over the wire and lie in the journal as such, and only the renderer on the operator's side
//! turns them into words, in the operator's language. `tests/catalogues.rs` holds that each id used in any crate is in
//! both catalogues with the same variables, and that no message is unused.

mod catalogue;
mod human;
mod lang;
mod problem;
mod text;

pub use catalogue::{Catalogue, Room, rooms};
pub use human::{bytes, seconds};
pub use lang::Lang;
pub use problem::{Class, Problem, Rendered};
pub use text::{Text, Value};
