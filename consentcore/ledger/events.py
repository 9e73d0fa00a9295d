"""Events: their grammar (`noun.verb`, registered by each room) and the header that is hashed into the leaf."""

from __future__ import annotations

import re
import uuid
from binascii import a2b_hex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from consentcore.clock import iso, to_second
from consentcore.errors import BadInput, ConfigurationError, LedgerTampered
from consentcore.identifiers import random_ref
from consentcore.ledger import canonical

MAX_HEADER = 8 * 1024
MAX_PAYLOAD = 64 * 1024
VERSION = 1
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,30}")
_TS = r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}+"  # possessive, as the optional parts: nothing to try twice
_HEADER = re.compile(
    (
        rf'\{{(?:"basis":"{_WORD}",)?+(?:"commit":"(?P<commit>[0-9a-f]{{64}})",)?+(?:"data":(?P<data>\{{.*\}}),)?+'
        r'"id":"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})",'
        rf'(?:"notice_sha256":"[0-9a-f]{{64}}",)?+(?:"purpose":"{_WORD}",)?+(?:"purpose_v":[1-9][0-9]{{0,8}},)?+'
        r'(?:"subj":"(?P<subj>[0-9a-f]{32})",)?+"tenant":0,'
        rf'"ts":"(?P<ts>{_TS})",'
        r'"type":"[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,30}","v":1\}'
    ).encode(),
    re.DOTALL,
)
_SECOND = re.compile(_TS.encode())
_SAMPLE_ID = "00000000-0000-4000-8000-000000000000"
_DESCRIPTIONS: dict[str, str] = {}
_NO_DATA: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at `at` (kept to the second).

    `payload` is personal: sealed beside the log and only committed to in it. `data` is public and for ever, so it
    must be free of personal data. Both hold texts, integers, booleans, lists and mappings only.
    """

    type: str
    at: datetime
    subject_ref: uuid.UUID | None = None
    payload: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: _NO_DATA)
    purpose: str | None = None
    purpose_v: int | None = None
    notice_sha256: str | None = None
    basis: str | None = None
    id: uuid.UUID = field(default_factory=random_ref)


def register(name: str, description: str) -> str:
    """Make a type of event known and return its name; each room does this once, at import.

    Raises: ConfigurationError when the name is not `noun.verb` or is taken with another meaning.
    """
    if not _TYPE.fullmatch(name):
        raise ConfigurationError(f"event type {name!r} is not of the form noun.verb")
    if _DESCRIPTIONS.setdefault(name, description) != description:
        raise ConfigurationError(f"event type {name!r} is registered twice")
    return name


def registered() -> Mapping[str, str]:
    """Return every known type with its description."""
    return MappingProxyType(_DESCRIPTIONS)


def header_bytes(event: Event, commit: str | None, subj: str | None) -> bytes:
    """Return the canonical header of an event: the bytes of its leaf, without direct personal data.

    `commit` and `subj` are hex digits made by this room. Raises: BadInput when the type is unknown or a part is
    outside the grammar.
    """
    if event.type not in _DESCRIPTIONS:
        raise BadInput(f"event type {event.type!r} is not registered")
    if event.subject_ref is None and event.payload is not None:
        raise BadInput(f"event {event.type} has a payload but no subject under whose key it could be sealed")
    if event.id.version != 4:
        raise BadInput(f"the id of event {event.type} is not random (UUID version 4)")
    start, middle, end = _frame(event.type, event.basis, event.notice_sha256, event.purpose, event.purpose_v)
    committed = "" if commit is None else f'"commit":"{commit}",'
    data = f'"data":{canonical.encode(dict(event.data)).decode()},' if event.data else ""
    tag = "" if subj is None else f'"subj":"{subj}",'
    header = (
        f'{start}{committed}{data}"id":"{event.id}",{middle}{tag}"tenant":0,"ts":"{_second(event.at)}",{end}'.encode()
    )
    if len(header) > MAX_HEADER:
        raise BadInput(f"the header of event {event.type} has {len(header)} bytes, {MAX_HEADER} are allowed")
    return header


@lru_cache(maxsize=1024, typed=True)
def _frame(
    kind: str, basis: str | None, notice: str | None, purpose: str | None, purpose_v: int | None
) -> tuple[str, str, str]:
    """Return the parts of a header that many events share, checked once: before, between and after the others."""
    start, middle = {"basis": basis}, {"notice_sha256": notice, "purpose": purpose, "purpose_v": purpose_v}
    parts = [
        canonical.encode({key: value for key, value in part.items() if value is not None}).decode()[1:-1]
        for part in (start, middle, {"type": kind, "v": VERSION})
    ]
    before, between = (f"{part}," if part else "" for part in parts[:2])
    sample = f'{{{before}"id":"{_SAMPLE_ID}",{between}"tenant":0,"ts":"2026-01-01T00:00:00Z",{parts[2]}}}'
    if _HEADER.fullmatch(sample.encode()) is None:
        raise BadInput(f"event {kind} does not fit the log: notice a SHA-256, version from 1, words of 64 letters")
    return "{" + before, between, parts[2] + "}"


@lru_cache(maxsize=256)
def _second(at: datetime) -> str:
    return iso(to_second(at))


def payload_bytes(event: Event) -> bytes:
    """Return the canonical payload, the bytes that are sealed and committed to.

    Raises: BadInput.
    """
    data = canonical.encode(dict(event.payload or {}))
    if len(data) > MAX_PAYLOAD:
        raise BadInput(f"the payload of event {event.type} has {len(data)} bytes, {MAX_PAYLOAD} are allowed")
    return data


def check_header(header: bytes, event_id: bytes) -> None:
    """Check that stored bytes are a header of this very event, in canonical form (one pass of a pattern).

    Raises: LedgerTampered, BadInput.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        raise LedgerTampered("a header does not follow the grammar")
    if a2b_hex(found["id"].replace(b"-", b"")) != event_id:
        raise LedgerTampered("a header names another event than its row")
    if found["data"] is not None:
        check_data(found["data"])


def varying_parts(header: bytes) -> dict[str, tuple[int, int]]:
    """Return where the parts stand that differ from event to event, by name, in their order.

    The header passed `check_header`. Raises: LedgerTampered when it does not follow the grammar.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        raise LedgerTampered("a header does not follow the grammar")
    return {name: found.span(name) for name in ("commit", "data", "id", "subj", "ts") if found[name] is not None}


def is_second(text: bytes) -> bool:
    """Tell whether a text has the form of the time in a header."""
    return _SECOND.fullmatch(text) is not None


@lru_cache(maxsize=256)
def check_data(data: bytes) -> None:
    """Check that the public data of a header are one object in canonical form.

    Raises: LedgerTampered, BadInput.
    """
    if type(canonical.decode(data, max_bytes=MAX_HEADER)) is not dict:
        raise LedgerTampered("the data of a header are no object")


def read_header(header: bytes) -> dict[str, Any]:
    """Return a stored header as a mapping.

    Raises: BadInput.
    """
    value = canonical.decode(header, max_bytes=MAX_HEADER)
    if type(value) is not dict:
        raise BadInput("a header is a JSON object")
    return value
