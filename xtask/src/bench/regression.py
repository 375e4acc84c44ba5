"""What may be wrong with a version, one kind of it at a time.

The sleeps are what is wrong (a start that does not end, something that comes now and then), and wait for nothing.
"""

import asyncio
import logging
import os
import random
import threading
import time

logger = logging.getLogger("app.jobs")

# How long a version looks well that does not stay so, in seconds: longer than a rollout takes.
WELL = 20


class Regression:
    def __init__(self, app, kind):
        self.app, self.kind, self.began, self.kept = app, kind, time.monotonic(), []
        if kind == "slow_start":
            time.sleep(600)
        if kind in ("new_log_error", "memory_leak", "restart_loop", "busy"):
            threading.Thread(target=getattr(self, kind), daemon=True).start()

    def new_log_error(self):
        while True:
            time.sleep(3)
            logger.error("exchange rates could not be loaded: %s", random.random())

    def memory_leak(self):
        while True:
            time.sleep(0.25)
            self.kept.append(b"x" * 1_500_000)

    def restart_loop(self):
        time.sleep(WELL)
        os._exit(1)

    def busy(self):
        while True:
            pass

    def fails(self, path):
        late = time.monotonic() - self.began > WELL
        return (
            (self.kind == "errors" and path.startswith("/api/") and random.random() < 0.02)
            or (self.kind == "one_endpoint" and path == "/api/v1/convert")
            or (self.kind == "fails" and late)
        )

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        if self.kind == "latency" and path == "/api/v1/slow":
            await asyncio.sleep(0.2)
        if self.fails(path):
            return await answer(send, 500, b"failed")
        if self.kind == "wrong_body" and path == "/health" and time.monotonic() - self.began > WELL:
            return await answer(send, 200, b'{"status":"odd"}')
        return await self.app(scope, receive, send)


async def answer(send, status, body):
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
