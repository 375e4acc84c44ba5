use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use stapel_load::{Load, Plan, Report, Shape};
use tokio::runtime::Runtime;

use crate::convertik::{DOMAIN, PORT};
use crate::servers::Server;

const LOCALHOST: &str = "localhost";

/// Load on all ways into convertik: the proxy, the published port from outside, the published port from the server itself, and
/// others that a test has made. It has a runtime of its own, so that tests need none.
#[derive(Debug)]
pub struct Ways {
    runtime: Runtime,
    loads: Vec<(&'static str, Load)>,
    ended: Vec<Way>,
    share: f64,
}

/// What became of the load on one way.
#[derive(Debug)]
pub struct Way {
    /// `caddy`, `port`, `localhost`, or as the test calls it.
    pub name: &'static str,
    /// Each request.
    pub report: Report,
}

impl Ways {
    /// Starts it. With a `share` of 1 it is 43 requests a second in all, which leaves two cores room for what they measure.
    ///
    /// # Errors
    /// When the server does not run, or its namespace cannot be entered.
    pub fn start(server: &Server, share: f64) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut ways = Self { runtime, loads: Vec::new(), ended: Vec::new(), share };
        let outside = |port| SocketAddr::new(IpAddr::V4(server.ip()), port);
        let inside = ways.runtime.enter();
        let caddy = Load::start(ways.plan(outside(80), 20.0))?;
        let port = Load::start(ways.plan(outside(PORT), 15.0))?;
        drop(inside);
        ways.loads.extend([("caddy", caddy), ("port", port)]);
        ways.within(server)?;
        Ok(ways)
    }

    /// Adds one from outside, at this port of the server, with as many requests a second at a share of 1.
    ///
    /// # Errors
    /// As [`Ways::start`].
    pub fn and(&mut self, name: &'static str, server: &Server, port: u16, rate: f64) -> Result<()> {
        let _inside = self.runtime.enter();
        let load = Load::start(self.plan(SocketAddr::new(IpAddr::V4(server.ip()), port), rate))?;
        self.loads.push((name, load));
        Ok(())
    }

    /// Another boot of the server has another network namespace: the load from within it begins anew.
    ///
    /// # Errors
    /// As [`Ways::start`].
    pub fn after_a_boot(&mut self, server: &Server) -> Result<()> {
        if let Some(at) = self.loads.iter().position(|(name, _)| *name == LOCALHOST) {
            let (name, load) = self.loads.swap_remove(at);
            self.ended.push(Way { name, report: self.runtime.block_on(load.stop()) });
        }
        self.within(server)
    }

    /// Ends it, once what is under way has ended, and says what became of it.
    #[must_use]
    pub fn stop(mut self) -> Vec<Way> {
        for (name, load) in self.loads {
            self.ended.push(Way { name, report: self.runtime.block_on(load.stop()) });
        }
        self.ended
    }

    fn within(&mut self, server: &Server) -> Result<()> {
        let target = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);
        let load = Load::start_in_netns(server.pid()?, self.plan(target, 8.0))?;
        self.loads.push((LOCALHOST, load));
        Ok(())
    }

    fn plan(&self, target: SocketAddr, rate: f64) -> Plan {
        Plan::new(target, DOMAIN, rate * self.share, shapes())
    }
}

fn shapes() -> Vec<Shape> {
    let event = r#"{"id":"{id}","kind":"story"}"#;
    vec![
        Shape::get("health", "/health").weight(3),
        // Not the summary, which the broken versions break: that would be the app's own doing.
        Shape::get("metrics-kept", "/api/v1/stats/metrics?period=day").kept().weight(5),
        Shape::get("slow", "/api/v1/slow?seconds=3").weight(1),
        Shape::post("event", "/api/v1/events", event).weight(3),
        Shape::post("event-kept", "/api/v1/events", event).kept().weight(3),
    ]
}
