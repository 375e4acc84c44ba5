//! SQLite: one file, copied and read with SQLite's own library.

mod copy;
mod file;
mod read_back;

pub use file::SqliteFile;
