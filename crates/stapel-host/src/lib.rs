//! What every room needs of the machine it runs on: commands as lists of arguments, processes that outlive us, and
//! waiting for a condition. There is no shell here: what a config or a file name contains is data.

mod command;
mod process;
mod processes;
mod run;
mod usage;
mod wait;

pub use command::{Command, Finished};
pub use process::{Detached, ProcessId, boot_id, leave_session, start_time};
pub use processes::{processes, with_variable};
pub use run::{MARK, blocking, end_all, mark, settled};
pub use usage::{Usage, usage};
pub use wait::{retry, until};
