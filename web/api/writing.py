"""Writing over HTTP: every change runs once under its Idempotency-Key, in one unit, and is answered the same again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from web.api.operation import IDEMPOTENCY_PATTERN
from web.api.wired import caller, service
from web.security import idempotency
from web.security.idempotency import Answer
from web.transaction import unit

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_CREATED = 201
_KEY = re.compile(IDEMPOTENCY_PATTERN.strip("^$"))


@dataclass(frozen=True, slots=True)
class Made:
    """What a unit made: where it is, and the JSON-ready body to answer."""

    location: str
    body: Mapping[str, Any]


def write_once(work: Callable[[Session], Made]) -> tuple[Mapping[str, Any], int, dict[str, str]]:
    """Do `work` in a unit, unless this very request was done before; returns body, status and headers.

    Raises: BadRequest without a usable Idempotency-Key; StillRunning, KeyUsedForAnother; what `work` raises, and then
    nothing was changed and the key is free again.
    """
    wired = service()
    mine = idempotency.ticket(caller(), _key(), request.method, request.path, request.get_data(cache=True))
    with unit(wired.sessions) as session:
        before = idempotency.claim(session, wired.keyring, mine, wired.now())
    if before is not None:
        return before.body, before.status, {"Location": before.location, REPLAYED: "true"}
    try:
        with unit(wired.sessions) as session:
            made = work(session)
            idempotency.keep(session, wired.keyring, mine, Answer(_CREATED, made.location, made.body))
    except Exception:
        with unit(wired.sessions) as session:
            idempotency.release(session, mine)
        raise
    return made.body, _CREATED, {"Location": made.location}


def _key() -> str:
    written = request.headers.get(HEADER, "")
    if len(written) > 1 and written[0] == written[-1] == '"':  # the draft's form: a structured field string
        written = written[1:-1]
    if _KEY.fullmatch(written) is None:
        raise BadRequest(f"Give the header {HEADER} a new random value of 1 to 128 letters, digits or . _ : -")
    return written
