//! The processes of this host, as `/proc` lists them; none where there is no `/proc`.

use crate::ProcessId;

/// The numbers of the processes there are now.
pub fn processes() -> impl Iterator<Item = i32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The processes that have one of these variables (`NAME=value`) in their environment, whoever started them. This process is
/// never among them, nor are those that it may not look at.
#[must_use]
pub fn with_variable(variables: &[String]) -> Vec<ProcessId> {
    let me = ProcessId::me().pid;
    let has = |environment: &[u8]| {
        environment.split(|b| *b == 0).any(|variable| variables.iter().any(|wanted| wanted.as_bytes() == variable))
    };
    let found = processes().filter(|pid| *pid != me).filter_map(|pid| {
        // Taken before the look, so that the look is at this process or at a later one of the same number, which no signal
        // will reach.
        let process = ProcessId::of(pid);
        let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        (has(&environment) && process.alive()).then_some(process)
    });
    found.collect()
}
