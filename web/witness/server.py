"""The witness as a small HTTP server: one operation, on loopback unless told otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from consentcore.errors import IntegrityFailure
from web.witness.memory import Folder
from web.witness.protocol import MOST_BYTES, PLAIN, Reply, add_checkpoint

LOOPBACK = "127.0.0.1"
PATH = "/add-checkpoint"
SECONDS = 15


class WitnessServer(ThreadingHTTPServer):
    """Answers `add-checkpoint` for the logs that it knows, one request at a time."""

    daemon_threads = True

    def __init__(
        self,
        folder: Folder,
        logs: Mapping[str, tuple[str, ...]],
        host: str = LOOPBACK,
        port: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder, self._logs, self._now = folder, logs, now
        self._turn = threading.Lock()  # compared and kept in one piece, so that no state is ever rolled back
        super().__init__((host, port), _Handler)

    def answer(self, data: bytes) -> Reply:
        """Answer one request; what is on disk is never older than what was answered."""
        with self._turn:
            try:
                return add_checkpoint(data, self._logs, self._folder, self._folder.cosigner, self._now())
            except (OSError, IntegrityFailure) as error:
                return Reply(500, PLAIN, f"this witness cannot use its memory ({type(error).__name__})\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "consentcore-witness"
    sys_version = ""
    timeout = SECONDS
    server: WitnessServer

    def do_POST(self) -> None:
        """Take a checkpoint in."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            self._say(Reply(HTTPStatus.LENGTH_REQUIRED, PLAIN, "a request says how long it is\n"), close=True)
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self._say(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, PLAIN, f"at most {MOST_BYTES} bytes\n"), close=True)
        else:
            data = self.rfile.read(int(length))
            if len(data) != int(length):
                self.close_connection = True
            elif self.path != PATH:
                self._say(Reply(HTTPStatus.NOT_FOUND, PLAIN, "there is nothing here but add-checkpoint\n"))
            else:
                self._say(self.server.answer(data))

    def _say(self, reply: Reply, *, close: bool = False) -> None:
        data = reply.text.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(data)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Say nothing: a caller may have put anything into a request."""
