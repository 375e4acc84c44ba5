//! One file a source of knowledge: what it says, and where.

mod caddy;
mod code;
mod dockerfile;
mod dotenv;
mod nginx;
mod route;
mod script;
mod shell;
mod traefik;

pub(crate) use caddy::caddy;
pub(crate) use code::{Code, code};
pub(crate) use dockerfile::Dockerfile;
pub(crate) use dotenv::Dotenv;
pub(crate) use nginx::nginx;
pub use route::Route;
pub(crate) use script::{Script, is_script};
pub(crate) use traefik::traefik;
