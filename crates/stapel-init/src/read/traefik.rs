use std::collections::BTreeMap;

use super::route::Route;
use crate::place::{Place, expression};

expression!(HOST, r"Host\(\s*`([^`]+)`");

/// The routes that a service's labels ask of Traefik. Labels that turn it off ask for none.
pub(crate) fn traefik(service: &str, labels: &BTreeMap<String, String>, place: &Place) -> Vec<Route> {
    if labels.get("traefik.enable").is_some_and(|on| on == "false") {
        return Vec::new();
    }
    let port = labels.iter().find(|(name, _)| name.ends_with(".loadbalancer.server.port"));
    let port = port.and_then(|(_, port)| port.parse().ok());
    let tls = labels.keys().any(|name| name.starts_with("traefik.http.routers.") && name.contains(".tls"))
        || labels.iter().any(|(name, value)| name.ends_with(".entrypoints") && value.contains("websecure"));
    let rules = labels.iter().filter(|(name, _)| name.starts_with("traefik.http.routers.") && name.ends_with(".rule"));
    rules
        .map(|(_, rule)| Route {
            proxy: "Traefik".to_owned(),
            domain: HOST.captures(rule).map(|h| h[1].to_owned()).filter(|h| !h.contains('$')),
            tls,
            to: service.to_owned(),
            port,
            place: place.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_routes() {
        let labels = [
            ("traefik.http.routers.web.rule", "Host(`shop.example`) && PathPrefix(`/`)"),
            ("traefik.http.routers.web.entrypoints", "websecure"),
            ("traefik.http.services.web.loadbalancer.server.port", "3000"),
        ];
        let labels: BTreeMap<_, _> = labels.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let routes = traefik("web", &labels, &Place::file("x"));
        assert_eq!(
            (routes[0].domain.as_deref(), routes[0].tls, routes[0].port),
            (Some("shop.example"), true, Some(3000))
        );
        let off = [("traefik.enable".to_owned(), "false".to_owned())].into_iter().chain(labels).collect();
        assert!(traefik("web", &off, &Place::file("x")).is_empty());
    }
}
