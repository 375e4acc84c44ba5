use super::*;

const V1: &str = include_str!("../../tests/fixtures/config-1.29.2.yml");
const V2: &str = include_str!("../../tests/fixtures/config-2.26.1.json");

fn port(ip: Option<&str>, published: u16, target: u16, protocol: Protocol) -> Port {
    Port { host_ip: ip.map(|i| i.parse().unwrap()), published: Some((published, published)), target, protocol }
}

#[test]
fn both_composes_say_the_same_of_one_file() {
    let (v1, v2) = (Resolved::read(V1, "conv").unwrap(), Resolved::read(V2, "never used").unwrap());
    assert_eq!(v1.version.as_deref(), Some("3.8"));
    assert_eq!(Resolved { version: None, ..v1 }, v2);
}

#[test]
fn what_a_release_needs_is_there() {
    let conv = Resolved::read(V2, "").unwrap();
    assert_eq!(conv.name, "conv");
    let api = &conv.services["convertik-api"];
    assert_eq!(api.image.as_deref(), Some("convertik-api:latest"));
    let build = Build { context: "/srv/conv/backend".into(), dockerfile: "Dockerfile".into(), more: false };
    assert_eq!(api.build, Some(build));
    assert_eq!(api.container_name.as_deref(), Some("convertik-api"));
    assert_eq!(
        api.ports,
        [
            port(None, 8001, 8000, Protocol::Tcp),
            port(Some("127.0.0.1"), 9000, 9000, Protocol::Udp),
            port(Some("127.0.0.1"), 9001, 9001, Protocol::Udp),
            port(None, 8080, 80, Protocol::Tcp),
        ]
    );
    assert_eq!(api.expose, [(8000, Protocol::Tcp), (9100, Protocol::Tcp), (9101, Protocol::Tcp)]);
    let networks: Vec<_> = api.networks.iter().map(|n| (n.name.as_str(), n.external, n.aliases.join(" "))).collect();
    assert_eq!(networks, [("caddy", true, "api.internal".to_owned()), ("conv_default", false, String::new())]);
    assert_eq!(api.health, HealthCheck::Defined);
    assert_eq!(api.restart.as_deref(), Some("unless-stopped"));
    assert_eq!(
        api.volumes,
        [
            Volume { source: Some("/srv/conv/data".into()), target: "/data".into(), bind: true, read_only: true },
            Volume { source: Some("up".into()), target: "/uploads".into(), bind: false, read_only: false },
        ]
    );
    assert_eq!(conv.volumes["pg"].name, "conv_pg");
    let built = &conv.services["built"];
    assert_eq!((built.network_mode.as_deref(), built.networks.len()), (Some("host"), 0));
    assert_eq!(built.build.as_ref().unwrap().dockerfile, "Dockerfile.x");
}

#[test]
fn nothing_of_the_environment_is_kept() {
    for text in [V1, V2] {
        assert!(text.contains("sec$$ret"));
        assert!(!format!("{:?}", Resolved::read(text, "x")).contains("ret@"));
    }
}

#[test]
fn what_must_be_there_before_is_known_however_it_is_said() {
    let text = "services:\n  web: {image: x, depends_on: {api: {condition: service_healthy}}}\n  \
                api: {image: x, depends_on: [db, cache]}\n  cache: {image: x, links: ['db:store']}\n  \
                side: {image: x, network_mode: 'service:web'}\n  db: {image: x}\n  gone: {image: x, depends_on: [else]}\n";
    let resolved = Resolved::read(text, "p").unwrap();
    for (service, before) in [
        ("db", ""),
        ("cache", "db"),
        ("api", "cache db"),
        ("web", "api cache db"),
        ("side", "api cache db web"),
        ("gone", "else"),
        ("else", ""),
    ] {
        assert_eq!(resolved.before(service).into_iter().collect::<Vec<_>>().join(" "), before, "{service}");
    }
}

#[test]
fn older_ways_to_say_it() {
    let text = "services:\n  a:\n    image: x\n    networks: [n]\n    healthcheck: {test: [NONE]}\n    ports: ['80']\n    \
                expose: [53/udp]\n    volumes: [/anonymous]\n    deploy: {replicas: 2}\n    build: .\n\
                networks:\n  n:\n    external:\n      name: real\n";
    let resolved = Resolved::read(text, "p").unwrap();
    let a = &resolved.services["a"];
    assert_eq!((a.networks[0].name.as_str(), a.networks[0].external), ("real", true));
    assert_eq!((a.health, a.replicas, a.ports[0].published), (HealthCheck::Disabled, 2, None));
    assert_eq!(a.expose, [(53, Protocol::Udp)]);
    assert_eq!(a.volumes[0].source, None);
    assert_eq!(resolved.networks["default"].name, "p_default");
    assert!(Resolved::read("- no\n- compose", "p").is_none());
}
