"""Tiles, entries and keys of the log over HTTP: what C2SP tlog-tiles says, to whoever may read the log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.ledger import merkle
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint
from consentcore.ledger.cosigning import Cosigner, verify_cosignatures
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue_many
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.witnessed import add_cosignature
from web.security.apikeys import ALL_SCOPES, NewKey, Scope

TILED = register("test.tiled", "something happened that fills tiles")
TILE = "/api/v1/ledger/tile/"


@pytest.fixture
def grown(bound: sessionmaker[Session], camille: UUID, now: Any) -> int:
    """A log of 300 leaves."""
    with bound.begin() as session:
        before = latest_checkpoint(session)
        there = 0 if before is None else before.size
        queue_many(session, [Event(type=TILED, at=now, data={"n": number}) for number in range(300 - there)])
    return 300


def test_the_root_is_rebuilt_from_what_is_served(machine: Any, grown: int) -> None:
    newest = machine.get("/api/v1/ledger/checkpoint").json
    vkeys = machine.get("/api/v1/ledger/vkey").json["vkeys"]
    checkpoint = open_checkpoint(newest["note"], vkeys)
    full, rest = (machine.get(TILE + path) for path in ("0/000", f"0/001.p/{checkpoint.size - 256}"))
    data = full.data + rest.data
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    assert (len(leaves), merkle.root_of(leaves)) == (checkpoint.size, checkpoint.root)
    above = machine.get(TILE + "1/000.p/1").data
    assert above == merkle.root_of(leaves[:256])
    bundle = machine.get(TILE + "entries/000").data
    hashes = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        hashes.append(sha256(b"\x00" + bundle[2 : 2 + length]).digest())
        bundle = bundle[2 + length :]
    assert hashes == leaves[:256]
    assert "camille" not in machine.get(TILE + "entries/000").data.decode("latin-1")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_full_tiles_are_for_ever_partial_ones_are_not(machine: Any, grown: int) -> None:
    for path, kept in (("0/000", True), ("entries/000", True), ("0/001.p/5", False), ("1/000.p/1", False)):
        answer = machine.get(TILE + path)
        assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
        wanted = "private, max-age=31536000, immutable" if kept else "no-store"
        assert answer.headers["Cache-Control"] == wanted
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = machine.get(TILE + "0/000", If_None_Match=machine.get(TILE + "0/000").headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/0",
        "0/000.p/0",
        "0/000.p/256",
        "2/000.p/1",
        "entries/001",
        "x",
        "0/000/",
        "0/%2e%2e/000",
        "0/000%00",
        "0//000",
    ],
)
def test_what_is_not_there_is_not_found(machine: Any, grown: int, path: str) -> None:
    answer = machine.get(TILE + path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_who_may_read_the_log_sees_it(
    app: Flask, key_for: Callable[[Collection[Scope]], NewKey], grown: int
) -> None:
    client = app.test_client()
    other = key_for([one for one in ALL_SCOPES if one is not Scope.LEDGER_READ]).token
    for path in (f"{TILE}0/000", f"{TILE}entries/000", "/api/v1/ledger/vkey"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {other}"}).status_code == 403


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_checkpoint_is_handed_out_with_its_cosignatures(
    machine: Any, bound: sessionmaker[Session], keyring: Keyring, grown: int, now: Any
) -> None:
    witness = Cosigner("witness.example/one", bytes(range(32)))
    with bound.begin() as session:
        newest = latest_checkpoint(session)
        assert newest is not None
        body = Checkpoint(keyring.log_signer().name, newest.size, newest.root).body()
        add_cosignature(session, newest.size, newest.root, witness.cosign(body, now))
    note = machine.get("/api/v1/ledger/checkpoint").json["note"]
    assert len(verify_cosignatures(note, [witness.key])) == 1
