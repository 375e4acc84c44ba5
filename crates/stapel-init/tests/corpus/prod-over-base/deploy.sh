#!/usr/bin/env bash
set -euo pipefail

SERVER="deploy@shop.example"
APP_DIR=/srv/shop

rsync -az --delete --exclude .git --exclude /uploads --exclude '*.md' ./ "$SERVER:$APP_DIR/"
ssh "$SERVER" "cd $APP_DIR && docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d --build"
curl -fsS https://shop.example/api/health
