//! Who reaches a service, and how to change that without cutting anything: rules of the kernel's packet filter, a
//! transparent forwarder for what they cannot carry, and a look at open connections.
//!
//! * [`Firewall`] refuses new connections to a peer, lets a candidate stand in behind a published port, and leads those who
//!   keep the peer's address to another one.
//! * [`Nginx`] is told to ask for names again.
//! * [`forwarder`] carries what Docker's user-space proxy carries otherwise (localhost, IPv6, other bridges).
//! * [`sockets`] says when a peer has nothing open any more.
//!
//! Everything put into the world carries the app's [`Mark`], so that it can be found and taken out whatever happened.

mod docker_proxy;
mod docker_rules;
mod family;
pub mod farewell;
mod firewall;
pub mod forwarder;
mod iptables;
mod kernel;
mod lead;
mod mark;
mod namespace;
mod nginx;
mod peer;
mod publish;
mod published;
mod refuse;
mod rule;
pub mod sockets;

pub use family::Family;
pub use firewall::Firewall;
pub use kernel::enter;
pub use mark::Mark;
pub use namespace::connect;
pub use nginx::Nginx;
pub use peer::{Attachment, Peer};
pub use publish::Publication;
pub use published::Published;
pub use rule::Rule;
