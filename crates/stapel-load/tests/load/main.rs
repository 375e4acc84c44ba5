//! Loads against real servers on local sockets.
#![cfg(test)]

mod connections;
mod endings;
mod helpers;
mod ids;
#[cfg(target_os = "linux")]
mod namespace;
mod outcomes;
mod server;
mod stall;

use helpers::{assert_all_lost, ended, plan, run};
