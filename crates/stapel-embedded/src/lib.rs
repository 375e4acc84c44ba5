//! The embedded runtime: the traits of [`stapel_core::ports`] without Docker, network or root. The instances of an app
//! are child processes, who reaches them is decided by a small proxy, and the app is inside the binary.
//!
//! `stapel demo` and tests use it. It is the real code path with another engine behind it, so what a release does to
//! it is what a release does to Docker.
//!
//! - [`app`]: the demo app in four versions, with a SQLite database and migrations;
//! - [`proxy`]: an HTTP/1.1 proxy whose upstreams are changed while it serves;
//! - [`runtime`]: images, instances and traffic over the two;
//! - [`cli`]: the commands by which the binary becomes one of these processes.

pub mod app;
pub mod cli;
mod files;
pub mod proxy;
pub mod runtime;
mod shutdown;
