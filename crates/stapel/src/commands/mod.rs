//! One file a subcommand.

pub(crate) mod answer;
pub(crate) mod attach;
pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod history;
pub(crate) mod host;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod notify;
pub(crate) mod plan;
mod release;
pub(crate) mod restart;
pub(crate) mod rollback;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod take_up;
pub(crate) mod unlock;
