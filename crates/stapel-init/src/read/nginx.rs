use std::collections::BTreeMap;

use super::route::{Route, is_domain, upstream};
use crate::place::Place;

type To = (String, Option<u16>);

/// One `server` block.
#[derive(Default)]
struct Server {
    names: Vec<String>,
    tls: bool,
    asks: Vec<(To, usize)>,
}

/// The routes of a file of nginx's: for each server, whom `proxy_pass` asks, through `upstream` blocks of the same file.
pub(crate) fn nginx(file: &str, text: &str) -> Vec<Route> {
    let mut upstreams: BTreeMap<String, To> = BTreeMap::new();
    let (mut blocks, mut servers) = (Vec::<String>::new(), Vec::<Server>::new());
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        for part in line.split_inclusive(['{', '}', ';']) {
            let part = part.trim();
            let words: Vec<&str> = part.trim_end_matches(['{', '}', ';']).split_whitespace().collect();
            let within = blocks.last().and_then(|b| b.strip_prefix("upstream "));
            match (words.as_slice(), within, servers.last_mut()) {
                (["server", to, ..], Some(name), _) => {
                    upstreams.extend(upstream(to).map(|to| (name.to_owned(), to)));
                }
                (["server_name", all @ ..], _, Some(server)) => {
                    server.names.extend(all.iter().filter(|n| is_domain(n)).map(|n| (*n).to_owned()));
                }
                (["listen", all @ ..], _, Some(server)) => {
                    server.tls |= all.iter().any(|w| *w == "ssl" || w.ends_with("443"));
                }
                (["proxy_pass", to, ..], _, Some(server)) => {
                    server.asks.extend(upstream(to).map(|to| (to, at + 1)));
                }
                _ => {}
            }
            if part.ends_with('{') {
                blocks.push(words.join(" "));
                if words == ["server"] {
                    servers.push(Server::default());
                }
            } else if part.ends_with('}') {
                blocks.pop();
            }
        }
    }
    let mut routes = Vec::new();
    for server in servers {
        let domains: Vec<_> =
            if server.names.is_empty() { vec![None] } else { server.names.into_iter().map(Some).collect() };
        for (asked, line) in server.asks {
            let (to, port) = upstreams.get(&asked.0).cloned().unwrap_or(asked);
            routes.extend(domains.iter().map(|domain| Route {
                proxy: "nginx".to_owned(),
                domain: domain.clone(),
                tls: server.tls,
                to: to.clone(),
                port,
                place: Place::line(file, line),
            }));
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_whom_they_ask() {
        let text = "upstream app {\n  server web:8000 max_fails=2;\n}\nserver { listen 80; server_name a.example; return 301 https://$host; }\nserver {\n  listen 443 ssl;\n  server_name a.example _;\n  # proxy_pass http://old;\n  location / {\n    proxy_pass http://app;\n  }\n  location /b { proxy_pass http://127.0.0.1:9000/x; }\n}\n";
        let routes = nginx("nginx.conf", text);
        let seen: Vec<_> = routes.iter().map(|r| (r.domain.as_deref(), r.tls, r.to.as_str(), r.port)).collect();
        assert_eq!(
            seen,
            [(Some("a.example"), true, "web", Some(8000)), (Some("a.example"), true, "127.0.0.1", Some(9000))]
        );
        assert_eq!(routes[0].place.line, Some(10));
    }
}
