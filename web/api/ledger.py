"""`/ledger`: the newest checkpoint, the proofs that anyone can check against it, the log's keys, and its tiles."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from flask import Response

from consentcore.errors import NotFound
from consentcore.ledger.proofs import consistency_proof, inclusion_proof, latest_checkpoint
from consentcore.ledger.tiles import parse_path, read_tile
from consentcore.ledger.witnessed import with_cosignatures
from web.api.operation import Noun
from web.api.schemas.ledger import Checkpoint, ConsistencyQuery, Keys, Proof, ProofQuery
from web.api.wired import service
from web.security.apikeys import Scope
from web.transaction import reading

BYTES = "application/octet-stream"
FOR_EVER = "private, max-age=31536000, immutable"
"""Of a full tile: it never changes; private, because whoever asks shows a key."""
NOUN = Noun("ledger", __name__, url_prefix="/api/v1/ledger", description="The log's checkpoints and proofs.")


@NOUN.operation("GET", "/checkpoint", rule=Scope.LEDGER_READ, gives=Checkpoint, refuses=(404,))
def checkpoint() -> dict[str, Any]:
    """Return the newest signed checkpoint; keep it elsewhere, a log alone cannot show that it was rolled back."""
    with reading(service().sessions) as session:
        newest = latest_checkpoint(session)
        if newest is None:
            raise NotFound("the log has no leaf yet")
        newest = with_cosignatures(session, newest)
    return {"size": newest.size, "root": newest.root.hex(), "note": newest.note}


@NOUN.operation("GET", "/proof", rule=Scope.LEDGER_READ, query=ProofQuery, gives=Proof)
def proof(asked: Mapping[str, int]) -> dict[str, Any]:
    """Prove that leaf `index` stands in the log of `size` leaves (RFC 9162, 2.1.3)."""
    with reading(service().sessions) as session:
        return _hashes(inclusion_proof(session, asked["index"], asked["size"]))


@NOUN.operation("GET", "/consistency", rule=Scope.LEDGER_READ, query=ConsistencyQuery, gives=Proof)
def consistency(asked: Mapping[str, int]) -> dict[str, Any]:
    """Prove that the log of `from` leaves begins the log of `to` leaves (RFC 9162, 2.1.4)."""
    with reading(service().sessions) as session:
        return _hashes(consistency_proof(session, asked["from"], asked["to"]))


@NOUN.operation("GET", "/vkey", rule=Scope.LEDGER_READ, gives=Keys)
def vkey() -> dict[str, Any]:
    """Return the public keys that verify checkpoints, receipts and certificates, the newest first (C2SP vkey)."""
    return {"vkeys": list(service().keyring.log_vkeys())}


@NOUN.operation(
    "GET",
    "/tile/<path:path>",
    rule=Scope.LEDGER_READ,
    gives={"type": "string", "format": "binary"},
    kind=BYTES,
    refuses=(404,),
)
def tile(path: str) -> Response:
    """Return a tile, or a bundle of entries (C2SP tlog-tiles), such as `0/x001/234`, `1/000.p/17`, `entries/000`."""
    asked = parse_path(path)
    with reading(service().sessions) as session:
        answer = Response(read_tile(session, asked), content_type=BYTES)
    if asked.full:
        answer.headers["Cache-Control"] = FOR_EVER
    return answer


def _hashes(nodes: list[bytes]) -> dict[str, Any]:
    return {"hashes": [b64encode(node).decode() for node in nodes]}
