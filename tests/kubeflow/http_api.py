"""A server on this machine that answers requests with JSON."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any


Answer = Callable[[Request], tuple[Any, ...]]
"""Status, content, and headers where there are some."""


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self):
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            is_form = "form" in self.headers.get("Content-Type", "")
            body = json.loads(content) if content and not is_form else content.decode() or None
            status, answered, *more = answer(
                Request(self.command, self.path, dict(self.headers), body)
            )
            content = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Says nothing."""

    for method in ("GET", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._reply)
    return Handler


@contextmanager
def serve_json(answer: Answer) -> Iterator[str]:
    """Yields the address of a server that answers as `answer` says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
