"""An app of the standard library alone that answers at once, slowly, in a stream, and over an upgraded connection."""

import http.server
import os
import signal
import threading
import time
from urllib.parse import parse_qs, urlparse

VERSION = open("/app/VERSION").read().strip()

busy = 0
changed = threading.Condition()


def count(by):
    global busy
    with changed:
        busy += by
        changed.notify_all()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self):
        # Whoever has begun to send a request is answered before the process ends.
        try:
            self.raw_requestline = self.rfile.readline(65537)
        except ConnectionResetError:
            self.raw_requestline = b""
        if not self.raw_requestline:
            self.close_connection = True
            return
        count(1)
        try:
            if self.parse_request():
                getattr(self, "do_" + self.command)()
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            count(-1)

    def do_GET(self):
        asked = urlparse(self.path)
        if asked.path == "/echo":
            self.echo()
        elif asked.path == "/stream":
            self.stream(int(parse_qs(asked.query)["seconds"][0]))
        else:
            if asked.path == "/slow":
                time.sleep(int(parse_qs(asked.query)["seconds"][0]))
            self.answer(VERSION)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(VERSION)

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, seconds):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number in range(seconds * 4):
            event = f"data: {number}\n\n".encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()
            time.sleep(0.25)
        self.wfile.write(b"0\r\n\r\n")

    def echo(self):
        self.send_response(101)
        self.send_header("connection", "upgrade")
        self.send_header("upgrade", "websocket")
        self.end_headers()
        self.close_connection = True
        # It is open for as long as the other side likes, and nothing to wait for.
        count(-1)
        try:
            while line := self.rfile.readline():
                self.wfile.write(line)
                self.wfile.flush()
        finally:
            count(1)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("", 8000), Handler)


def end(*_):
    def finish():
        server.shutdown()
        with changed:
            changed.wait_for(lambda: busy == 0)
        os._exit(0)

    threading.Thread(target=finish).start()


signal.signal(signal.SIGTERM, end)
server.serve_forever(poll_interval=0.05)
