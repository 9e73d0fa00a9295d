"""A log that changes its key: the leaves that say so, the audit of each change, and which key signed from when to when.

A new key signs beside the old one from the leaf `log.key_added` on, and alone from `log.key_retired` on. A checkpoint
by other keys than the one before it stands only where a leaf of its own batch says so: the holder of a retired key
cannot bring it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.events import Event, read_header, register
from consentcore.ledger.log import change_keys, queue
from consentcore.ledger.note import VerifierKey, parse_vkey
from consentcore.ledger.proofs import connection_of
from consentcore.ledger.signingkeys import KeyChange, key_ids
from consentcore.ledger.statements import run
from consentcore.ledger.tables import MAIN

ADDED = register("log.key_added", "a new key signs the log's checkpoints from this leaf on, beside the old one")
RETIRED = register("log.key_retired", "a key signs no checkpoint of the log any more from this leaf on")
_HEADERS = (
    "SELECT e.header FROM cc_log_leaf l JOIN cc_log_event e ON e.id = l.event_id"
    " WHERE l.log = ? AND l.idx >= ? AND l.idx < ?"
)
_NOTE_FROM = (
    "SELECT idx, checkpoint FROM cc_log_leaf WHERE log = ? AND idx >= ? AND checkpoint IS NOT NULL ORDER BY idx LIMIT 1"
)
_NOTE_BEFORE = (
    "SELECT idx FROM cc_log_leaf WHERE log = ? AND idx < ? AND checkpoint IS NOT NULL ORDER BY idx DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """One key of the log and the sizes of the first and the last checkpoint it signed; None: not yet, and still."""

    vkey: str
    from_size: int | None
    to_size: int | None


def record_change(session: Session, added: Collection[str], retired: Collection[str], now: datetime) -> None:
    """Queue the leaves of a change of keys (public keys as text) and let it be in force from them on."""
    for kind, vkeys in ((ADDED, added), (RETIRED, retired)):
        for vkey in vkeys:
            queue(session, Event(type=kind, at=now, data={"vkey": vkey}))
    change_keys(session, KeyChange(frozenset(added), frozenset(retired)))


def check_change(
    connection: Connection, log: int, start: int, stop: int, before: Iterable[VerifierKey], after: Iterable[VerifierKey]
) -> None:
    """Check that leaves [start, stop) say why their checkpoint is signed by other keys than the one before.

    Raises: LedgerTampered naming the last of them.
    """
    wanted = {key.text() for key in before}
    for (header,) in run(connection, _HEADERS, log, start, stop):
        said = read_header(bytes(header))
        if said["type"] in (ADDED, RETIRED):
            vkey = str(said.get("data", {}).get("vkey"))
            (wanted.add if said["type"] == ADDED else wanted.discard)(vkey)
    if wanted != {key.text() for key in after}:
        raise LedgerTampered(
            f"the checkpoint at leaf {stop - 1} is signed by other keys than the one before, and no leaf says so",
            first_bad=stop - 1,
        )


def key_ranges(source: Session | Connection, vkeys: Sequence[str], log: int = MAIN) -> list[KeyRange]:
    """Say from which size to which each key signed, in the order given (newest first); a few reads for each key.

    What the stored checkpoints claim: `consentcore ledger verify` is what proves it. Raises: LedgerTampered.
    """
    connection = connection_of(source)
    size = (run(connection, "SELECT max(idx) FROM cc_log_leaf WHERE log = ?", log).scalar() or -1) + 1
    ages = {parse_vkey(vkey).key_id: len(vkeys) - at for at, vkey in enumerate(vkeys)}
    reader = _Notes(connection, log, size, ages)
    ranges = []
    for at, vkey in enumerate(vkeys):
        age = len(vkeys) - at
        first, after = reader.first_with(age, oldest=False), reader.first_with(age + 1, oldest=True)
        last = None if after is None or first is None else reader.size_before(after)
        ranges.append(KeyRange(vkey, first, last))
    return ranges


class _Notes:
    """The stored checkpoints of a log, by the ages of the keys that signed each; later ones are by newer keys."""

    def __init__(self, connection: Connection, log: int, size: int, ages: dict[bytes, int]) -> None:
        self._connection = connection
        self._log = log
        self._size = size
        self._ages = ages

    def first_with(self, age: int, *, oldest: bool) -> int | None:
        """Return the size of the first checkpoint whose newest key (or `oldest`) is of an age at least."""
        low, high, found = 0, self._size, None
        while low < high:
            middle = (low + high) // 2
            index, ages = self._from(middle)
            if index is None:
                high = middle
            elif (min if oldest else max)(ages) >= age:
                found, high = index + 1, middle
            else:
                low = index + 1
        return found

    def size_before(self, size: int) -> int | None:
        """Return the size of the checkpoint before the one of a size."""
        index = run(self._connection, _NOTE_BEFORE, self._log, size - 1).scalar()
        return None if index is None else int(index) + 1

    def _from(self, index: int) -> tuple[int | None, list[int]]:
        row = run(self._connection, _NOTE_FROM, self._log, index).first()
        if row is None:
            return None, []
        try:
            ages = [self._ages[one] for one in key_ids(bytes(row[1])) if one in self._ages]
        except BadInput:
            ages = []
        if not ages:
            raise LedgerTampered(f"the checkpoint at leaf {row[0]} is signed by no key of this log", first_bad=row[0])
        return int(row[0]), ages
