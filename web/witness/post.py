"""One HTTP POST to a configured address: a time limit over all of it, a size limit, no redirects, no proxies."""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

SECONDS = 15.0
MOST_BYTES = 64 * 1024
_CHUNK = 8 * 1024
_AGENT = "consentcore"


class NoAnswer(Exception):
    """Somebody outside could not be asked, or answered what cannot be used; the message names no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `kind` is the content type without its parameters, in small letters."""

    status: int
    kind: str
    body: bytes


def post(url: str, body: bytes, kind: str, *, seconds: float = SECONDS, most: int = MOST_BYTES) -> Answer:
    """Post bytes of a content type and return the answer, whatever its status.

    A redirect is an answer like another: nothing is ever sent to a host that the settings do not name.
    Raises: NoAnswer when there is none in time, or it is longer than `most` bytes.
    """
    deadline = time.monotonic() + seconds
    parts = urlsplit(url)
    connection = _connection(parts, seconds)
    try:
        headers = {"Content-Type": kind, "User-Agent": _AGENT, "Accept-Encoding": "identity"}
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        content_type = answer.getheader("Content-Type", "")
        return Answer(answer.status, content_type.partition(";")[0].strip().lower(), _read(answer, deadline, most))
    except TimeoutError:
        raise NoAnswer("no answer in time") from None
    except (OSError, http.client.HTTPException, ValueError) as error:  # a message might quote what was sent
        raise NoAnswer(f"cannot be reached ({type(error).__name__})") from None
    finally:
        connection.close()


def _connection(parts: SplitResult, seconds: float) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=seconds)


def _read(answer: http.client.HTTPResponse, deadline: float, most: int) -> bytes:
    taken = bytearray()
    while chunk := answer.read1(_CHUNK):
        taken += chunk
        if len(taken) > most:
            raise NoAnswer(f"the answer is longer than {most} bytes")
        if time.monotonic() > deadline:  # each read has a limit of its own: a host could send a byte a second for ever
            raise NoAnswer("no answer in time")
    if answer.length:
        raise NoAnswer("the answer broke off")
    return bytes(taken)
