#!/bin/bash
# Выкатка: код, сборка, проверка
rsync -a --exclude=.git --exclude=venv ./ root@zayavki.example:/opt/zayavki/
ssh root@zayavki.example 'cd /opt/zayavki && docker-compose up -d --build'
