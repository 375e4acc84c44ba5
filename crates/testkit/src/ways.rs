use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Result, ensure};
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
    shapes: Vec<Shape>,
}

/// What became of the load on one way.
#[derive(Debug)]
pub struct Way {
    /// `caddy`, `port`, `localhost`, or as the test calls it.
    pub name: &'static str,
    /// Each request.
    pub report: Report,
}

impl Way {
    /// Shows what became of it, and sees that of more than so many requests none was lost, and none answered otherwise than it
    /// should be.
    ///
    /// # Errors
    /// With those that were.
    pub fn none_lost(&self, more_than: u64) -> Result<()> {
        let (name, sum) = (self.name, self.report.summary());
        println!("{name}: {}", serde_json::to_string(&sum)?);
        ensure!(sum.requests > more_than, "{name}: only {} requests", sum.requests);
        ensure!(sum.lost == 0, "{name}: {:?}", self.report.losses());
        ensure!(sum.unexpected == 0, "{name}: {:?}", sum.by_status);
        Ok(())
    }
}

impl Ways {
    /// Starts it. With a `share` of 1 it is 43 requests a second in all, which leaves two cores room for what they measure.
    ///
    /// # Errors
    /// When the server does not run, or its namespace cannot be entered.
    pub fn start(server: &Server, share: f64) -> Result<Self> {
        let mut ways = Self::of(shapes(), share)?;
        ways.and("caddy", server, 80, 20.0)?;
        ways.and("port", server, PORT, 15.0)?;
        ways.within(LOCALHOST, server, Ipv4Addr::LOCALHOST.into(), 8.0)?;
        Ok(ways)
    }

    /// None yet, for requests of these shapes.
    ///
    /// # Errors
    /// When there is no room for the runtime.
    pub fn of(shapes: Vec<Shape>, share: f64) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { runtime, loads: Vec::new(), ended: Vec::new(), share, shapes })
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
        self.within(LOCALHOST, server, Ipv4Addr::LOCALHOST.into(), 8.0)
    }

    /// Ends it, once what is under way has ended, and says what became of it.
    #[must_use]
    pub fn stop(mut self) -> Vec<Way> {
        for (name, load) in self.loads {
            self.ended.push(Way { name, report: self.runtime.block_on(load.stop()) });
        }
        self.ended
    }

    /// Adds one from the server itself, at this address of its own and the published port.
    ///
    /// # Errors
    /// As [`Ways::start`].
    pub fn within(&mut self, name: &'static str, server: &Server, at: IpAddr, rate: f64) -> Result<()> {
        let load = Load::start_in_netns(server.pid()?, self.plan(SocketAddr::new(at, PORT), rate))?;
        self.loads.push((name, load));
        Ok(())
    }

    fn plan(&self, target: SocketAddr, rate: f64) -> Plan {
        Plan::new(target, DOMAIN, rate * self.share, self.shapes.clone())
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
