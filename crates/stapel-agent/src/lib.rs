//! Placeholder until the room has an inside.
