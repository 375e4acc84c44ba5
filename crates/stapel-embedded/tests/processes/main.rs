//! The runtime, the proxy and the app as the processes they are.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, and the lint knows only the functions marked so")]

mod load;
mod proxy;
mod relay;
mod requests;
mod tolerance;
mod world;
