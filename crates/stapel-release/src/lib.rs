//! The journal, the saga that runs a plan's steps forth and back, and the lock. Portable: it knows no Docker.

mod event;
mod fault;
mod journal;
mod lock;
mod recovery;
mod saga;
mod state;
mod step;

pub use event::{Event, Recorded};
pub use fault::Fault;
pub use journal::{Begin, Journal, Pulse, RESERVE_BYTES, Release};
pub use lock::{Lock, Owner};
pub use recovery::{Boundary, DIRECTIONS, Direction};
pub use saga::{Saga, undo_order};
pub use state::{Outcome, StepState};
pub use step::{Kind, Step, StepContext};
