use std::error::Error;
use std::net::SocketAddr;
use std::sync::Once;

use reqwest::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url, redirect};
use stapel_text::{Text, text};

use super::{HttpCheck, Method, Via};

/// How much of a body is read, in bytes. What a check looks for lies in it; an answer without end ends here.
const BODY: usize = 8 * 1024 * 1024;

/// Asks once and gives the body. `status` is set as soon as it is known, for an answer may have a status and no end. The
/// error is what the look saw instead of a whole answer.
pub(super) async fn ask(check: &HttpCheck, via: Via, status: &mut Option<u16>) -> Result<Vec<u8>, Text> {
    let asked = async {
        let url = Url::parse(&check.url).map_err(|e| unusable(&e))?;
        let mut headers = headers(check)?;
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let (client, url) = match via {
            Via::Name => (client(None)?, url),
            Via::Address(address) => redirected(url, address, &mut headers)?,
        };
        let method = match check.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
        };
        let response = client.request(method, url).headers(headers).send().await.map_err(|e| failed(&e))?;
        *status = Some(response.status().as_u16());
        body(response).await
    };
    tokio::time::timeout(check.timeout, asked)
        .await
        .unwrap_or_else(|_| Err(text!("probe-timeout", limit = stapel_text::seconds(check.timeout.as_secs_f64()))))
}

/// A client without memory: no proxy of the environment, no redirects, no connection kept.
fn client(resolve: Option<(&str, SocketAddr)>) -> Result<Client, Text> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // It fails when the process has one already, which then is the one to use.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder =
        Client::builder().no_proxy().redirect(redirect::Policy::none()).pool_max_idle_per_host(0).user_agent("stapel");
    if let Some((name, address)) = resolve {
        builder = builder.resolve(name, address);
    }
    builder.build().map_err(|e| failed(&e))
}

/// The same request, sent to `address`. reqwest takes the port from the URL only, so that is rewritten; the name stays,
/// for the certificate, and is resolved to `address`.
fn redirected(mut url: Url, address: SocketAddr, headers: &mut HeaderMap) -> Result<(Client, Url), Text> {
    let host = url.host_str().unwrap_or_default().to_owned();
    if !headers.contains_key(HOST) {
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        headers.insert(HOST, HeaderValue::try_from(authority).map_err(|e| unusable(&e))?);
    }
    let refused = |()| unusable(&"the URL has no host");
    url.set_port(Some(address.port())).map_err(refused)?;
    if url.domain().is_some() {
        return Ok((client(Some((&host, address)))?, url));
    }
    // An address in the URL is never resolved.
    url.set_ip_host(address.ip()).map_err(refused)?;
    Ok((client(None)?, url))
}

fn headers(check: &HttpCheck) -> Result<HeaderMap, Text> {
    let mut all = HeaderMap::new();
    for (name, value) in &check.headers {
        let name = HeaderName::try_from(name).map_err(|e| unusable(&e))?;
        let mut value = HeaderValue::try_from(value).map_err(|e| unusable(&e))?;
        value.set_sensitive(true);
        all.append(name, value);
    }
    Ok(all)
}

async fn body(mut response: Response) -> Result<Vec<u8>, Text> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(&e))? {
        body.extend_from_slice(&chunk);
        if body.len() >= BODY {
            break;
        }
    }
    Ok(body)
}

fn unusable(error: &dyn std::fmt::Display) -> Text {
    text!("probe-unusable", error = error.to_string())
}

/// What reqwest failed with, down to the cause: its own words say little. Not the URL, which may hold a secret.
fn failed(error: &reqwest::Error) -> Text {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    // An error without a cause would show the URL.
    let said = if error.source().is_some() { cause.to_string() } else { String::from("HTTP") };
    text!("probe-no-answer", error = said)
}
