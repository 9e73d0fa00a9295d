"""The log on the wire."""

from __future__ import annotations

from marshmallow import fields

from web.api.schemas.strict import MAX_COUNT, Count, Strict, text

_WHOLE = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}


class ProofQuery(Strict):
    """Which leaf, in a log of which size."""

    index = Count(required=True, metadata=_WHOLE)
    size = Count(required=True, metadata=_WHOLE)


ConsistencyQuery = Strict.from_dict(
    {
        "from": Count(required=True, metadata=_WHOLE),
        "to": Count(required=True, metadata=_WHOLE),
    },
    name="ConsistencyQuery",
)
"""Which two sizes of the log; `from` is a word of Python."""


class Checkpoint(Strict):
    """The newest signed checkpoint."""

    size = fields.Integer(required=True)
    root = text()
    note = text()


class Proof(Strict):
    """Hashes that prove a leaf, or that one state of the log begins another, in base64 (RFC 9162)."""

    hashes = fields.List(fields.String(), required=True)


class Keys(Strict):
    """Public keys of the log, one line each, the newest first."""

    vkeys = fields.List(fields.String(), required=True)
