use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long a health check may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The most that is read of an answer, in bytes.
const MOST: usize = 64 * 1024;

/// One GET on a connection of its own; status and body, or why there is none.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Result<(StatusCode, String), String> {
    tokio::time::timeout(LIMIT, exchange(address, path)).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())
}

async fn exchange(
    address: SocketAddr,
    path: &str,
) -> Result<(StatusCode, String), Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    tokio::spawn(connection);
    let request = Request::get(path).header(HOST, address.to_string()).body(Body::empty())?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, MOST).collect().await?.to_bytes();
    Ok((head.status, String::from_utf8_lossy(&body).into_owned()))
}
