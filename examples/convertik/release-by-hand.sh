#!/usr/bin/env bash
# The team's page of commands, in the page's order. The code has been copied to the server beforehand:
#
#   rsync -az --delete --exclude .git --exclude __pycache__ --exclude '*.pyc' --exclude .env \
#       --exclude .env.production --exclude venv --exclude .pytest_cache --exclude '*.log' \
#       backend/ "$DEPLOY_HOST:$DEPLOY_PATH/backend/"
#   rsync -az .env.production "$DEPLOY_HOST:$DEPLOY_PATH/.env.production"
#
# Run in the project's directory on the server. WITH_DUMP=yes dumps the database first (critical updates).
# DOMAIN= (empty) leaves out the check through the domain.
set -euo pipefail
cd "$(dirname "$0")"

domain=${DOMAIN-convertik.example}
stamp=$(date +%Y%m%d-%H%M%S)

compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose -f docker-compose.production.yml "$@"
    else
        docker-compose -f docker-compose.production.yml "$@"
    fi
}

check() {
    printf '%s ' "$*"
    curl -fsS -o /dev/null -w '%{http_code} %{time_total}s\n' "$@"
}

# 1. Before a critical update: a dump of the database.
if [ "${WITH_DUMP:-}" = yes ]; then
    mkdir -p backups
    docker exec convertik-db sh -c 'pg_dump -U "$POSTGRES_USER" "$POSTGRES_DB"' >"backups/convertik-$stamp.sql"
fi

# 2. Keep the image in use.
if docker image inspect convertik-api:latest >/dev/null 2>&1; then
    docker tag convertik-api:latest "convertik-api:backup-$stamp"
fi

# 3. Release.
compose down
compose build --no-cache convertik-api
compose up -d
sleep 10

# 4. Migrate.
./migrate.sh upgrade
./migrate.sh current

# 5. Verify.
check http://localhost:8001/health
check http://localhost:8001/api/v1/stats/summary
check "http://localhost:8001/api/v1/stats/metrics?period=day"
check http://localhost:8001/docs
if [ -n "$domain" ]; then
    check --resolve "$domain:80:127.0.0.1" "http://$domain/health"
fi
compose ps
compose logs --tail=50 convertik-api
