use std::time::Duration;

/// What a process takes of the machine, by what the kernel counts (proc(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The bytes of memory that are its own or that it shares (its resident set).
    pub memory: u64,
    /// The time of a processor that it has taken, in user and in kernel mode.
    pub cpu: Duration,
}

/// What a process takes; `None` where it has ended, or where there is no `/proc`.
#[must_use]
pub fn usage(pid: i32) -> Option<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.split_whitespace().next()?.parse().ok()?;
    Some(Usage { memory: kib * 1024, cpu: taken(&stat, rustix::param::clock_ticks_per_second())? })
}

/// Fields 14 and 15: the twelfth and thirteenth behind the name, which may hold anything.
fn taken(stat: &str, ticks: u64) -> Option<Duration> {
    let mut behind = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, kernel): (u64, u64) = (behind.next()?.parse().ok()?, behind.next()?.parse().ok()?);
    Some(Duration::from_millis((user + kernel) * 1000 / ticks.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_takes_is_counted() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 5 0 0 0 150 50 0 0 20 0 1 0 100 200 300";
        assert_eq!(taken(stat, 100), Some(Duration::from_secs(2)));
        assert_eq!(taken("7 (a) S 1", 100), None);
        let own = usage(crate::ProcessId::me().pid).unwrap();
        assert!(own.memory > 100_000, "{own:?}");
        assert_eq!(usage(i32::MAX), None);
    }
}
