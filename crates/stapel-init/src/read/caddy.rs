use super::route::{Route, is_domain, upstream};
use crate::place::Place;

/// The routes of a Caddyfile: for each site, whom `reverse_proxy` asks.
pub(crate) fn caddy(file: &str, text: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut depth = 0_usize;
    let mut sites: Vec<(String, bool)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if depth == 0 && !line.starts_with('{') && !line.starts_with('(') {
            sites = line.trim_end_matches('{').split([',', ' ']).filter(|w| !w.is_empty()).map(site).collect();
        } else if depth > 0
            && let Some(rest) = line.strip_prefix("reverse_proxy ")
        {
            let to = rest.split_whitespace().filter(|w| !w.starts_with(['/', '@', '{', '*'])).find_map(upstream);
            if let Some((to, port)) = to {
                let named: Vec<_> = sites.iter().filter(|(name, _)| is_domain(name)).collect();
                let route = |domain: Option<&str>, tls| Route {
                    proxy: "Caddy".to_owned(),
                    domain: domain.map(str::to_owned),
                    tls,
                    to: to.clone(),
                    port,
                    place: Place::line(file, at + 1),
                };
                routes.extend(named.iter().map(|(name, tls)| route(Some(name.as_str()), *tls)));
                if named.is_empty() {
                    routes.push(route(None, false));
                }
            }
        }
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
    }
    routes
}

/// The name of a site, and whether Caddy serves it by TLS: it does unless the address says otherwise.
fn site(address: &str) -> (String, bool) {
    let (tls, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (scheme == "https", rest),
        None => (true, address),
    };
    match rest.split_once(':') {
        Some((name, port)) => (name.to_owned(), tls && port != "80"),
        None => (rest.to_owned(), tls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_and_whom_they_ask() {
        let text = "{\n\temail a@b.example\n}\nhttp://a.example {\n\treverse_proxy api:8000\n}\nb.example, www.b.example {\n\thandle /api/* {\n\t\treverse_proxy /api/* http://127.0.0.1:8001 {\n\t\t\theader_up X y\n\t\t}\n\t}\n}\n:80 {\n\trespond 404\n}\n";
        let routes = caddy("Caddyfile", text);
        let seen: Vec<_> = routes.iter().map(|r| (r.domain.as_deref(), r.tls, r.to.as_str(), r.port)).collect();
        assert_eq!(
            seen,
            [
                (Some("a.example"), false, "api", Some(8000)),
                (Some("b.example"), true, "127.0.0.1", Some(8001)),
                (Some("www.b.example"), true, "127.0.0.1", Some(8001)),
            ]
        );
        assert_eq!(routes[0].place.line, Some(5));
    }
}
