//! Connecting over the real `ssh` to a real `sshd`. The modules are marked as tests so that the lint on `unwrap` knows
//! their helpers for what they are.

#[cfg(test)]
mod connecting;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod server;
