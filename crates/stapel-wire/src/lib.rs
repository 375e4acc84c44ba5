//! The line between the operator's machine and a host: a frozen [`Hello`], [`Frame`]s over standard input and output,
//! and [`connect`], which starts the agent over the system's `ssh` and brings it there if need be.
//!
//! No daemon, no port, no key of its own: whoever may log in may release.

mod account;
mod agent;
mod agents;
mod bring;
mod connect;
mod connection;
mod diagnose;
mod frame;
mod hello;
mod host;
mod line;
mod machine;
mod noted;
mod printable;
mod script;
mod session;
mod ssh;
mod stderr;
mod sudo;

pub use account::Account;
pub use agent::AgentBinary;
pub use agents::Agents;
pub use connect::connect;
pub use connection::{Connection, Receiver, Sender};
pub use frame::{Frame, Kind, MAX_PAYLOAD};
pub use hello::{Hello, PROTOCOL};
pub use host::Host;
pub use printable::printable;
pub use session::{End, Ended, Session};
pub use ssh::SshOptions;
