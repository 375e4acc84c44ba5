use bollard::models::ContainerMemoryStats;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use stapel_core::ports::Instance;
use stapel_text::Problem;

use super::Docker;
use crate::engine::found;

impl Docker {
    /// What the container uses, as `docker stats` counts it: without the page cache that nobody touched lately.
    pub(super) async fn memory_of(&self, instance: &Instance) -> Result<Option<u64>, Problem> {
        let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let mut stats = Box::pin(self.engine.api.stats(&instance.id, Some(options)));
        let Some(first) = stats.next().await else { return Ok(None) };
        Ok(found(&instance.name, first)?.and_then(|s| s.memory_stats).and_then(|m| used(&m)))
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
