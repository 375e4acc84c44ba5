//! An HTTP/1.1 load generator whose arrival times are fixed beforehand.
//!
//! It answers one question: would anybody have noticed? People do not wait for each other, so neither do the
//! requests: each starts at its own time whether or not earlier ones have ended, and its latency counts from that
//! time. A server that stalls for two seconds is then seen as two seconds of waiting by all who came meanwhile, and
//! not as a few requests fewer (coordinated omission). The HTTP client is the crate's own, because what happened on
//! the wire is the result.
//!
//! ```no_run
//! # async fn example() -> Result<(), stapel_load::StartError> {
//! use stapel_load::{Load, Plan, Shape};
//! let shapes = vec![Shape::get("page", "/"), Shape::post("order", "/orders", r#"{"id":"{id}"}"#).kept()];
//! let load = Load::start(Plan::new(([127, 0, 0, 1], 8080).into(), "shop.example", 50.0, shapes))?;
//! // … the release goes in …
//! let report = load.stop().await;
//! assert_eq!(report.summary().lost, 0);
//! # Ok(()) }
//! ```

mod answer;
mod body;
mod client;
mod connection;
mod fault;
mod head;
mod load;
mod loss;
#[cfg(target_os = "linux")]
mod namespace;
mod outcome;
mod plan;
mod pool;
mod record;
mod report;
mod request;
mod schedule;
mod shape;
mod stored;
mod summary;
mod turns;

pub use load::Load;
pub use loss::Loss;
pub use outcome::{Kind, Outcome};
pub use plan::{Arrivals, Plan, StartError};
pub use record::Sample;
pub use report::Report;
pub use shape::{Connection, Method, Shape};
pub use stored::{Stored, verify_stored};
pub use summary::Summary;
