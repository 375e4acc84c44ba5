use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use stapel_core::ports::{Instance, Instances, Traffic};
use stapel_engine::Protocol;
use stapel_net::{Nginx, Peer, Published, sockets};
use stapel_text::{Problem, problem, text};

use super::DockerWorld;

const LOOK_EVERY: Duration = Duration::from_millis(50);

impl DockerWorld {
    async fn published(&self, service: &str) -> Result<Vec<Published>, Problem> {
        let all = self.docker().await?.published(service).await?.into_iter().filter(|p| p.protocol == Protocol::Tcp);
        let mut ports: Vec<Published> = Vec::new();
        for p in all {
            let host_address = Some(p.host_ip).filter(|ip| !ip.is_unspecified());
            let published = Published { host_address, host_port: p.host_port, container_port: p.container_port };
            // `0.0.0.0` and `::` are two bindings of one publication.
            if !ports.contains(&published) {
                ports.push(published);
            }
        }
        Ok(ports)
    }

    /// Asks the clients of connections that are kept open to end them. What cannot be asked is closed in the end, as by
    /// every restart.
    async fn say_farewell(&self, service: &str, instance: &Instance, peer: &Peer, ports: &[u16]) {
        let mut farewells = self.farewells.lock().await;
        if farewells.contains_key(&instance.id) {
            return;
        }
        match self.firewall(service).farewell(peer, ports).await {
            Ok(farewell) => drop(farewells.insert(instance.id.clone(), farewell)),
            Err(problem) => tracing::warn!(%problem, "no farewell"),
        }
    }

    /// The processes of those who may keep the address of an instance: who else is on its networks, but for its candidate.
    async fn neighbours(&self, instance: &Instance, candidate: Option<&Peer>) -> Result<Vec<i32>, Problem> {
        let all = self.docker().await?.neighbours(instance).await?.into_iter();
        Ok(all.filter(|pid| candidate.is_none_or(|candidate| candidate.pid != *pid)).collect())
    }

    /// Leads the neighbours' new connections from one peer to the other, on each network that both are on.
    async fn lead(
        &self,
        service: &str,
        neighbours: &[i32],
        (from, to): (&Peer, &Peer),
        ports: &[u16],
    ) -> Result<(), Problem> {
        for (here, there) in both(from, to) {
            self.firewall(service).lead(neighbours, here, there, ports).await?;
        }
        Ok(())
    }

    /// One that can be reached refuses until it is let in.
    pub(super) async fn keep_out(&self, service: &str, instance: &Instance) -> Result<(), Problem> {
        match self.peer(instance).await? {
            Some(peer) => self.firewall(service).refuse(&peer, &self.tcp_ports(service).await?).await,
            None => Ok(()),
        }
    }

    async fn end_farewell(&self, instance: &Instance) -> Result<(), Problem> {
        match self.farewells.lock().await.remove(&instance.id) {
            Some(farewell) => farewell.stop().await,
            None => Ok(()),
        }
    }

    /// Makes the candidate found under the service's names on the networks of others, where proxies look for it.
    async fn put_on_networks(&self, service: &str, candidate: &Instance) -> Result<(), Problem> {
        let docker = self.docker().await?;
        let definition = docker.service(service)?;
        for network in definition.networks.iter().filter(|n| n.external) {
            let mut names = vec![service.to_owned()];
            names.extend(definition.container_name.clone());
            names.extend(network.aliases.iter().cloned());
            names.dedup();
            docker.join_with_aliases(candidate, &network.name, &names).await?;
        }
        Ok(())
    }
}

/// The addresses of two on each network that both are on.
fn both(from: &Peer, to: &Peer) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    from.attachments.iter().filter_map(|a| Some((a.address, to.on(&a.network)?.address))).collect()
}

#[async_trait]
impl Traffic for DockerWorld {
    async fn divert(&self, service: &str, real: Option<&Instance>, candidate: &Instance) -> Result<(), Problem> {
        self.put_on_networks(service, candidate).await?;
        let ports = self.tcp_ports(service).await?;
        let gone = || problem!(Failed, "agent-instance-ended", instance = &candidate.name);
        let to = self.peer(candidate).await?.ok_or_else(gone)?;
        self.firewall(service).allow(&to, &ports).await?;
        let Some(real) = real else { return Ok(()) };
        // One that has ended gets no connections; the rule that remembers its address is none to copy either.
        let Some(from) = self.peer(real).await? else { return Ok(()) };
        let neighbours = self.neighbours(real, Some(&to)).await?;
        for nginx in Nginx::among(&neighbours) {
            // It may have to read it at the end, when nothing else helps.
            nginx.test().await?;
        }
        self.lead(service, &neighbours, (&from, &to), &ports).await?;
        // One of the former version that stands by has the published ports already, and keeps them until the real one has them
        // again: leading them elsewhere in between would end the forwarder under what comes in.
        let standby = self.docker().await?.standby(service).await?;
        if standby.is_none_or(|standby| standby.id == candidate.id) {
            for published in self.published(service).await? {
                self.firewall(service).publish(&published, &from, &to).await?;
            }
        }
        self.firewall(service).refuse(&from, &ports).await?;
        self.say_farewell(service, real, &from, &ports).await;
        Ok(())
    }

    async fn hold(&self, service: &str, real: &Instance) -> Result<(), Problem> {
        self.keep_out(service, real).await
    }

    async fn restore(&self, service: &str, real: &Instance, candidate: Option<&Instance>) -> Result<(), Problem> {
        let ports = self.tcp_ports(service).await?;
        let gone = || problem!(Failed, "agent-instance-ended", instance = &real.name);
        let to = self.peer(real).await?.ok_or_else(gone)?;
        self.firewall(service).allow(&to, &ports).await?;
        self.end_farewell(real).await?;
        let Some(candidate) = candidate else {
            // Whoever was led to one that has gone is led no more.
            let neighbours = self.neighbours(real, None).await?;
            for a in &to.attachments {
                self.firewall(service).turn(&neighbours, a.address, a.address).await?;
            }
            return Ok(());
        };
        let from = self.peer(candidate).await?;
        if let Some(from) = &from {
            let neighbours = self.neighbours(real, Some(from)).await?;
            let firewall = self.firewall(service);
            for (here, there) in both(from, &to) {
                firewall.turn(&neighbours, here, there).await?;
            }
            // One that was told to ask again meanwhile knows the candidate too.
            let asked = Nginx::among(&neighbours).into_iter().filter(|nginx| nginx.has_read_since(from.pid));
            let asked: Vec<i32> = asked.map(|nginx| nginx.pid()).collect();
            self.lead(service, &asked, (from, &to), &ports).await?;
            // Before the forwarder drains: what goes through it has to end as well.
            self.say_farewell(service, candidate, from, &ports).await;
        }
        for published in self.published(service).await? {
            self.firewall(service).unpublish(&published).await?;
        }
        match from {
            Some(from) => self.firewall(service).refuse(&from, &ports).await,
            None => Ok(()),
        }
    }

    async fn drain(&self, service: &str, instance: &Instance) -> Result<u32, Problem> {
        let Some(peer) = self.peer(instance).await? else { return Ok(0) };
        let ports = self.tcp_ports(service).await?;
        let what = text!("agent-await-drain", instance = &instance.name);
        let drained = stapel_host::until(what, LOOK_EVERY, self.drain, || {
            let open = sockets::open(peer.pid, &ports);
            async move { Ok((open? == 0).then_some(())) }
        })
        .await;
        self.end_farewell(instance).await?;
        match drained {
            Ok(()) => Ok(0),
            Err(problem) if problem.code() == "timed-out" => sockets::open(peer.pid, &ports),
            Err(problem) => Err(problem),
        }
    }

    async fn announce(&self, service: &str, real: &Instance, moved: bool) -> Result<(), Problem> {
        let Some(peer) = self.peer(real).await? else { return Ok(()) };
        let neighbours = self.neighbours(real, None).await?;
        let firewall = self.firewall(service);
        let addresses: Vec<Ipv4Addr> = peer.attachments.iter().map(|a| a.address).collect();
        let led = if moved { neighbours.clone() } else { firewall.led(&neighbours, &addresses).await? };
        for nginx in Nginx::among(&led) {
            nginx.reload(self.drain).await?;
        }
        firewall.lead_no_more(&neighbours).await
    }

    async fn front(&self, service: &str) -> Result<Option<SocketAddr>, Problem> {
        let first = self.published(service).await?.into_iter().next();
        Ok(first.map(|p| SocketAddr::new(p.host_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), p.host_port)))
    }

    async fn clear(&self, service: &str) -> Result<(), Problem> {
        self.firewall(service).clear().await
    }
}
