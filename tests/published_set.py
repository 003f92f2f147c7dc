"""A small published set of four files, and a server on the loopback interface that serves it."""

from __future__ import annotations

import gzip
import hashlib
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from chainrule.data import named
from chainrule.data.readers import idx

X, Y = np.arange(80, dtype=np.uint8).reshape(5, 4, 4), np.array([3, 1, 4, 1, 5], np.uint8)
NAMES = [file.name for file in named.MNIST.files]
CONTENT = dict(zip(NAMES, map(idx.to_bytes, (X, Y, X[:2], Y[:2])), strict=True))
NOISE = np.random.default_rng(0).integers(0, 256, (300, 28, 28)).astype(np.uint8)


def files(content):
    return tuple(
        named.IdxFile(name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in content.items()
    )


def packed(content=CONTENT):
    return {f"{name}.gz": gzip.compress(data) for name, data in content.items()}


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Serves `content[path]`; keeps what was asked, cuts the first answers short on demand."""

    def __init__(self):
        self.content, self.asked, self.cuts, self.resumes = {}, [], 0, True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def answer(self, request):
        asked = request.headers.get("Range")
        self.asked.append((request.path.lstrip("/"), asked))
        body = self.content.get(request.path.lstrip("/"))
        if body is None:
            request.send_error(404, "Not Found")
            return
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.resumes else 0
        if start >= len(body):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(body)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = len(body)
        if self.cuts:
            self.cuts -= 1
            end = start + (end - start) // 2
        request.wfile.write(body[start:end])

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()
