use crate::compose::Service;
use crate::facts::Facts;

/// What a service is to the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its own: releases replace it.
    Own,
    /// PostgreSQL.
    Postgres,
    /// PostgreSQL in an image that names its variables otherwise.
    OtherPostgres,
    /// A database that cannot be dumped yet.
    Database,
    /// A proxy.
    Proxy,
    /// Somebody else's: a queue, a cache, a tool.
    Others,
}

const POSTGRES: &[&str] = &["postgres", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "pgvecto-rs"];
const OTHER_POSTGRES: &[&str] = &["postgresql", "spilo", "patroni"];
const DATABASES: &[&str] =
    &["mysql", "mariadb", "percona", "mongo", "mongodb", "clickhouse-server", "cassandra", "mssql"];
const PROXIES: &[&str] =
    &["caddy", "nginx", "traefik", "haproxy", "envoy", "openresty", "nginx-proxy", "caddy-docker-proxy"];
const OTHERS: &[&str] = &[
    "redis",
    "valkey",
    "keydb",
    "memcached",
    "rabbitmq",
    "kafka",
    "zookeeper",
    "nats",
    "elasticsearch",
    "opensearch",
    "minio",
    "mc",
    "adminer",
    "pgadmin4",
    "phpmyadmin",
    "grafana",
    "prometheus",
    "loki",
    "promtail",
    "node-exporter",
    "cadvisor",
    "watchtower",
    "certbot",
    "pgbouncer",
    "mailhog",
    "mailpit",
    "portainer",
    "portainer-ce",
    "flower",
    "redis-stack",
    "jaeger",
    "otel-collector",
    "postgres-backup-local",
    "ofelia",
    "autoheal",
    "acme-companion",
    "docker-gen",
    "redisinsight",
    "alertmanager",
    "postgres-exporter",
    "redis-exporter",
    "meilisearch",
    "busybox",
    "alpine",
    "curl",
    "localstack",
    "fluentd",
    "vector",
    "autossh",
    "socat",
    "tor",
    "wait-for-it",
];

/// The last part of an image's name, without registry, tag and digest.
fn base(image: &str) -> &str {
    let bare = image.split('@').next().unwrap_or(image);
    let last = bare.rsplit('/').next().unwrap_or(bare);
    last.split(':').next().unwrap_or(last)
}

/// What a service is, by where its image comes from.
pub(super) fn role(facts: &Facts, service: &Service) -> Role {
    if service.build.is_some() {
        return Role::Own;
    }
    let Some(image) = service.image.as_deref() else {
        return if service.extends { Role::Own } else { Role::Others };
    };
    let base = base(image);
    let one_of = |all: &[&str]| all.contains(&base);
    if one_of(POSTGRES) {
        return Role::Postgres;
    } else if one_of(OTHER_POSTGRES) {
        return Role::OtherPostgres;
    } else if one_of(DATABASES) {
        return Role::Database;
    } else if one_of(PROXIES) {
        return Role::Proxy;
    } else if one_of(OTHERS) {
        return Role::Others;
    }
    let mut built = facts.compose.services.values().filter(|s| s.build.is_some()).peekable();
    // Where nothing is built, what is not known to be somebody else's is what the team runs.
    let own = built.peek().is_none() || built.any(|s| s.image.as_deref() == Some(image));
    if own { Role::Own } else { Role::Others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_by_their_last_name() {
        for (image, name) in [
            ("postgres:15", "postgres"),
            ("registry.example:5000/team/web:1.2", "web"),
            ("timescale/timescaledb@sha256:ab", "timescaledb"),
            ("${REGISTRY}/api:${TAG}", "api"),
        ] {
            assert_eq!(base(image), name);
        }
    }
}
