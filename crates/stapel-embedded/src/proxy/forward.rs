use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::headers::strip_hop_by_hop;
use super::upstreams::{Pick, Ticket, Tried, Upstreams};

/// How long a request waits for an upstream while the set is empty.
const WAIT: Duration = Duration::from_secs(2);

/// How long making a connection may take; upstreams are on this machine.
const CONNECT: Duration = Duration::from_secs(5);

/// Hands a request on and its answer back, both as streams.
pub(crate) async fn forward(State(upstreams): State<Arc<Upstreams>>, request: Request) -> Response {
    let answer = match connect(&upstreams).await {
        Ok((ticket, stream)) => exchange(ticket, stream, request).await,
        Err(status) => Err((status, "no upstream could be reached".to_owned())),
    };
    answer.unwrap_or_else(|(status, why)| {
        upstreams.count_failed();
        tracing::warn!(%status, why, "request failed");
        (status, why).into_response()
    })
}

/// A connection to an upstream of the current set. Nothing of the request has been sent yet, so trying the next one is
/// safe.
async fn connect(upstreams: &Arc<Upstreams>) -> Result<(Ticket, TcpStream), StatusCode> {
    let deadline = Instant::now() + WAIT;
    let mut changes = upstreams.changes();
    let mut tried = Tried::default();
    loop {
        changes.mark_unchanged();
        match upstreams.pick(&mut tried) {
            Pick::There(ticket) => match timeout(CONNECT, TcpStream::connect(ticket.address)).await {
                Ok(Ok(stream)) => return Ok((ticket, stream)),
                _ => tracing::warn!(address = %ticket.address, "upstream cannot be connected to"),
            },
            Pick::Exhausted => return Err(StatusCode::BAD_GATEWAY),
            Pick::Empty => match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                _ => return Err(StatusCode::SERVICE_UNAVAILABLE),
            },
        }
    }
}

async fn exchange(ticket: Ticket, stream: TcpStream, mut request: Request) -> Result<Response, (StatusCode, String)> {
    let failed = |e: &dyn std::fmt::Display| (StatusCode::BAD_GATEWAY, format!("{}: {e}", ticket.address));
    stream.set_nodelay(true).map_err(|e| failed(&e))?;
    strip_hop_by_hop(request.headers_mut());
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = origin_form(request.uri());
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| failed(&e))?;
    // It ends with the answer, as nobody can send a second request once the sender is gone.
    tokio::spawn(connection);
    let mut response = sender.send_request(request).await.map_err(|e| failed(&e))?;
    strip_hop_by_hop(response.headers_mut());
    Ok(response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            // The place is given back with the body: when it has been read to its end, or nobody wants it any more.
            let _held = &ticket;
            frame
        }))
    }))
}

/// Only path and query, as a server wants them.
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().map_or_else(|| Uri::from_static("/"), |p| Uri::from(p.clone()))
}
