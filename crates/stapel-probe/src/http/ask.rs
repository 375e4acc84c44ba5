use std::error::Error;
use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response, Url, redirect};
use stapel_core::config::Method;
use stapel_text::{Text, text};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{HttpCheck, Via};

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
            Via::Name => (client(None, Trust::Checked)?, url),
            Via::Address(address) => redirected(url, address, &mut headers, Trust::Checked)?,
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

/// When the certificate ends that is shown under a URL's name; whether it is to be trusted is not asked, nothing secret is
/// sent. `None` for a URL without one. `limit` bounds all of it.
///
/// # Errors
/// What was seen instead of an answer.
pub async fn certificate_ends(url: &str, via: Via, limit: Duration) -> Result<Option<Timestamp>, Text> {
    let asked = async {
        let url = Url::parse(url).map_err(|e| unusable(&e))?;
        if url.scheme() != "https" {
            return Ok(None);
        }
        let mut headers = HeaderMap::new();
        let (client, url) = match via {
            Via::Name => (client(None, Trust::Any)?, url),
            Via::Address(address) => redirected(url, address, &mut headers, Trust::Any)?,
        };
        let response = client.head(url).headers(headers).send().await.map_err(|e| failed(&e))?;
        let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let Some(shown) = shown else { return Ok(None) };
        let (_, certificate) = X509Certificate::from_der(shown).map_err(|e| unusable(&e))?;
        let ends = certificate.validity().not_after.timestamp();
        Timestamp::from_second(ends).map(Some).map_err(|e| unusable(&e))
    };
    tokio::time::timeout(limit, asked)
        .await
        .unwrap_or_else(|_| Err(text!("probe-timeout", limit = stapel_text::seconds(limit.as_secs_f64()))))
}

/// Whether a certificate has to be one that is trusted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Trust {
    Checked,
    /// It is only to be looked at.
    Any,
}

/// A client without memory: no proxy of the environment, no redirects, no connection kept.
pub(super) fn client(resolve: Option<(&str, SocketAddr)>, trust: Trust) -> Result<Client, Text> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // It fails when the process has one already, which then is the one to use.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder =
        Client::builder().no_proxy().redirect(redirect::Policy::none()).pool_max_idle_per_host(0).user_agent("stapel");
    if trust == Trust::Any {
        builder = builder.tls_info(true).tls_danger_accept_invalid_certs(true);
    }
    if let Some((name, address)) = resolve {
        builder = builder.resolve(name, address);
    }
    builder.build().map_err(|e| failed(&e))
}

/// The same request, sent to `address`. reqwest takes the port from the URL only, so that is rewritten; the name stays,
/// for the certificate, and is resolved to `address`.
fn redirected(mut url: Url, address: SocketAddr, headers: &mut HeaderMap, trust: Trust) -> Result<(Client, Url), Text> {
    let host = url.host_str().unwrap_or_default().to_owned();
    if !headers.contains_key(HOST) {
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        headers.insert(HOST, HeaderValue::try_from(authority).map_err(|e| unusable(&e))?);
    }
    let refused = |()| unusable(&"the URL has no host");
    url.set_port(Some(address.port())).map_err(refused)?;
    if url.domain().is_some() {
        return Ok((client(Some((&host, address)), trust)?, url));
    }
    // An address in the URL is never resolved.
    url.set_ip_host(address.ip()).map_err(refused)?;
    Ok((client(None, trust)?, url))
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

pub(super) async fn body(mut response: Response) -> Result<Vec<u8>, Text> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(&e))? {
        body.extend_from_slice(&chunk);
        if body.len() >= BODY {
            break;
        }
    }
    Ok(body)
}

pub(super) fn unusable(error: &dyn std::fmt::Display) -> Text {
    text!("probe-unusable", error = error.to_string())
}

/// What reqwest failed with, down to the cause: its own words say little. Not the URL, which may hold a secret.
pub(super) fn failed(error: &reqwest::Error) -> Text {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    // An error without a cause would show the URL.
    let said = if error.source().is_some() { cause.to_string() } else { String::from("HTTP") };
    text!("probe-no-answer", error = said)
}
