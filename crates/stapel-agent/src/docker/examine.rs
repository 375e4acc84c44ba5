use std::net::IpAddr;

use futures_util::future::join_all;
use stapel_core::ports::Instances;
use stapel_engine::Protocol;
use stapel_net::Nginx;
use stapel_text::Problem;

use super::DockerWorld;

impl DockerWorld {
    /// Whether the rules that lead traffic can be read and so, by root, be made: what a relay needs.
    pub(crate) async fn may_steer(&self, service: &str) -> Result<(), Problem> {
        self.firewall(service).list().await.map(drop)
    }

    /// Whether each proxy that keeps the service's address could read its configuration again.
    pub(crate) async fn test_proxies(&self, service: &str) -> Result<Vec<Result<(), Problem>>, Problem> {
        if !self.knows(service).await? {
            return Ok(Vec::new());
        }
        let real = self.docker().await?.real(service).await?;
        let Some(real) = real.filter(|real| real.running) else { return Ok(Vec::new()) };
        let neighbours = self.docker().await?.neighbours(&real).await?;
        Ok(join_all(Nginx::among(&neighbours).iter().map(Nginx::test)).await)
    }

    /// The TCP ports that the service's definition publishes on fixed ports of the host; none before it is there.
    pub(crate) async fn wanted_ports(&self, service: &str) -> Result<Vec<(Option<IpAddr>, u16)>, Problem> {
        if !self.knows(service).await? {
            return Ok(Vec::new());
        }
        let docker = self.docker().await?;
        let ports = docker.service(service)?.ports.iter().filter(|p| p.protocol == Protocol::Tcp);
        let fixed =
            ports.filter_map(|p| p.published.filter(|(first, last)| first == last).map(|(port, _)| (p.host_ip, port)));
        Ok(fixed.collect())
    }
}
