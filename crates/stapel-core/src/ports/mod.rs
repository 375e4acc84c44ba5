//! The traits behind which all effects lie. The Docker engine, the embedded runtime, PostgreSQL and SQLite stand behind
//! them alike, so that the demo runs the same steps as a release over ssh.
//!
//! Every operation is idempotent: it looks at what is there and does what is missing.

mod exec;
mod images;
mod instances;
mod lines;
mod traffic;
mod world;

pub use exec::{Exec, ExecOutput};
pub use images::{ImageId, Images, Parts};
pub use instances::{Health, Instance, Instances, LogLine, LogLines, LogMark, Vitals};
pub use lines::{Lines, Silent};
pub use traffic::Traffic;
pub use world::World;
