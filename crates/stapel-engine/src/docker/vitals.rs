use std::time::Duration;

use bollard::models::ContainerMemoryStats;
use bollard::query_parameters::{StatsOptionsBuilder, TopOptionsBuilder};
use futures_util::StreamExt;
use stapel_core::ports::{Instance, Vitals};
use stapel_host::Usage;
use stapel_text::Problem;

use super::Docker;
use crate::engine::found;

impl Docker {
    /// What the container uses, as `docker stats` counts it: without the page cache that nobody touched lately.
    pub(super) async fn vitals_of(&self, instance: &Instance) -> Result<Option<Vitals>, Problem> {
        let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let mut stats = Box::pin(self.engine.api.stats(&instance.id, Some(options)));
        let (container, first) = futures_util::future::join(self.inspect(&instance.id), stats.next()).await;
        let Some(container) = container? else { return Ok(None) };
        let stats = first.map(|first| found(&instance.name, first)).transpose()?.flatten().unwrap_or_default();
        let restarts = container.restart_count.and_then(|times| u64::try_from(times).ok()).unwrap_or(0);
        let vitals = match stats.memory_stats.and_then(|memory| used(&memory)) {
            Some(memory) => {
                let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage?.total_usage).map(Duration::from_nanos);
                Vitals { restarts, memory: Some(memory), cpu }
            }
            None => self.counted(instance, restarts).await,
        };
        Ok(Some(vitals))
    }

    /// Where the kernel does not count by control groups (`cgroup_disable=memory`, an engine inside of a container): the sum over
    /// the container's processes.
    async fn counted(&self, instance: &Instance, restarts: u64) -> Vitals {
        let options = TopOptionsBuilder::default().ps_args("-o pid").build();
        // One that has ended has none.
        let listed =
            self.engine.api.top_processes(&instance.id, Some(options)).await.ok().and_then(|top| top.processes);
        let pids = listed.into_iter().flatten().filter_map(|line| line.first()?.trim().parse().ok());
        let all: Vec<Usage> = pids.filter_map(stapel_host::usage).collect();
        let some = !all.is_empty();
        Vitals {
            restarts,
            memory: some.then(|| all.iter().map(|usage| usage.memory).sum()),
            cpu: some.then(|| all.iter().map(|usage| usage.cpu).sum()),
        }
    }
}

fn used(stats: &ContainerMemoryStats) -> Option<u64> {
    let of = |name: &str| stats.stats.as_ref().and_then(|all| all.get(name)).copied();
    // The names of the control groups' versions 1 and 2.
    let cache = of("total_inactive_file").or_else(|| of("inactive_file")).unwrap_or(0);
    stats.usage.map(|usage| usage.saturating_sub(cache))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_cache_does_not_count() {
        let stats = |names: &[(&str, u64)]| ContainerMemoryStats {
            usage: Some(100),
            stats: Some(names.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect()),
            ..ContainerMemoryStats::default()
        };
        assert_eq!(used(&stats(&[("inactive_file", 30)])), Some(70));
        assert_eq!(used(&stats(&[("inactive_file", 10), ("total_inactive_file", 40)])), Some(60));
        assert_eq!(used(&stats(&[])), Some(100));
        assert_eq!(used(&ContainerMemoryStats::default()), None);
    }
}
