//! Requests as a client makes them.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Requests to one address, over kept connections or each over its own.
#[derive(Clone)]
pub(crate) struct Requests {
    client: Client<HttpConnector, Full<Bytes>>,
    to: SocketAddr,
}

impl Requests {
    pub(crate) fn new(to: SocketAddr, keep: bool) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        if !keep {
            builder.pool_max_idle_per_host(0);
        }
        Self { client: builder.build_http(), to }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<(StatusCode, serde_json::Value), String> {
        self.send(Request::get(format!("http://{}{path}", self.to)), String::new()).await
    }

    pub(crate) async fn order(&self, id: &str) -> Result<(StatusCode, serde_json::Value), String> {
        let request = Request::post(format!("http://{}/orders", self.to)).header("content-type", "application/json");
        self.send(request, serde_json::json!({ "id": id, "note": "n" }).to_string()).await
    }

    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: String,
    ) -> Result<(StatusCode, serde_json::Value), String> {
        let request = request.body(Full::from(body)).unwrap();
        let (head, body) = self.client.request(request).await.map_err(|e| format!("{e:?}"))?.into_parts();
        let body = body.collect().await.map_err(|e| format!("{e:?}"))?.to_bytes();
        let text = || serde_json::Value::from(String::from_utf8_lossy(&body).into_owned());
        Ok((head.status, serde_json::from_slice(&body).unwrap_or_else(|_| text())))
    }
}
