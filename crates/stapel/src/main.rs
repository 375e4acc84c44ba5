//! Stapel.
fn main() {}
