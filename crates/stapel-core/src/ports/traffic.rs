use std::net::SocketAddr;

use async_trait::async_trait;
use stapel_text::Problem;

use super::Instance;

/// Who gets the requests of a service. New connections are steered; what is open is let finish.
///
/// Everything that an implementation puts into the world carries the app's mark, so that [`Traffic::clear`] finds it
/// whatever happened in between.
#[async_trait]
pub trait Traffic: Send + Sync {
    /// Lets `candidate` in on every way that leads to the service and refuses new connections to `real`; returns when
    /// every way has been switched. Done twice it is as done once. `real` is `None` when nothing serves yet.
    async fn divert(&self, service: &str, real: Option<&Instance>, candidate: &Instance) -> Result<(), Problem>;

    /// The real instance was made anew, perhaps at another address: it gets no traffic until [`Traffic::restore`].
    async fn hold(&self, service: &str, real: &Instance) -> Result<(), Problem>;

    /// The reverse of [`Traffic::divert`]: `real` is let in on every way and new connections to `candidate` are
    /// refused.
    async fn restore(&self, service: &str, real: &Instance, candidate: Option<&Instance>) -> Result<(), Problem>;

    /// Waits until `instance` has no request open, at most the configured bound. Returns how many connections are
    /// still open then (kept alive ones do not end by themselves).
    async fn drain(&self, service: &str, instance: &Instance) -> Result<u32, Problem>;

    /// Has those who keep the addresses that names stood for (a proxy that asks once, when it starts) ask again, where `real`
    /// has another one than they know; `moved`: where it is not known whether it has. When it returns they know it.
    async fn announce(&self, service: &str, real: &Instance, moved: bool) -> Result<(), Problem>;

    /// Where the service is reached from the host itself the way its users come: its published port, the proxy. `None`
    /// where it has none.
    async fn front(&self, service: &str) -> Result<Option<SocketAddr>, Problem>;

    /// Takes out everything that the other operations left in the world. Nothing there is fine.
    async fn clear(&self, service: &str) -> Result<(), Problem>;
}
