#!/usr/bin/env bash
# Database migrations, run by Alembic in the running convertik-api container.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
    cat >&2 <<'EOF'
Usage: ./migrate.sh [-v] COMMAND [REVISION]

  upgrade [REVISION]     up to REVISION (default: head)
  downgrade [REVISION]   down to REVISION (default: -1, one step)
  current                the revision the database is at
  history                all migrations

  -v                     verbose: show the SQL, or the details of each revision
EOF
    exit 2
}

compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose -f docker-compose.production.yml "$@"
    else
        docker-compose -f docker-compose.production.yml "$@"
    fi
}

verbose=
words=()
for word in "$@"; do
    case $word in
        -v | --verbose) verbose=yes ;;
        *) words+=("$word") ;;
    esac
done
[ "${#words[@]}" -ge 1 ] && [ "${#words[@]}" -le 2 ] || usage

case ${words[0]} in
    upgrade) alembic=(${verbose:+-x verbose=yes} upgrade "${words[1]:-head}") ;;
    downgrade) alembic=(${verbose:+-x verbose=yes} downgrade "${words[1]:--1}") ;;
    current | history)
        [ "${#words[@]}" -eq 1 ] || usage
        alembic=("${words[0]}" ${verbose:+--verbose})
        ;;
    *) usage ;;
esac

compose exec -T convertik-api alembic "${alembic[@]}"
