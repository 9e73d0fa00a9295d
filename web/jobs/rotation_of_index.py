"""Rotating the index key: both generations are looked up, everything is indexed anew, the old one goes if it can.

The opposition list and the index of the archive cannot be hashed again. As long as an entry of the list stands under an
older generation, contact points are indexed under that one too; as long as anything does, its key stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import cast

from sqlalchemy import Table, delete, func, select, tuple_
from sqlalchemy.orm import aliased

from consentcore.crm.accounts import ACCOUNTS
from consentcore.crm.reindexing import drop_strays, move_accounts, reindex_points
from consentcore.crypto import generations, rotations
from consentcore.crypto.roots import INDEX
from consentcore.crypto.rotations import Progress
from consentcore.crypto.tables import INDEX as BLIND_INDEX
from consentcore.crypto.tables import BlindIndexRow
from consentcore.importing.reindexing import move_external_ids, move_quarantine
from consentcore.ledger.log import queue
from consentcore.retention.tables import ARCHIVE_INDEX
from consentcore.subjects.tables import ExternalId
from consentcore.suppression.generations import entries_by_generation
from web.jobs.rotation_turn import BATCH, Stage, Step, Turn, walk
from web.security.reindexing import move_staff
from web.transaction import reading, unit

FIRST = "announce"
_EXTERNALS = cast(Table, ExternalId.__table__)
NOTICE = timedelta(seconds=15)
"""How long until every process has taken note of a new generation; each looks every five seconds."""
GRACE = timedelta(hours=1)
"""How long a retired generation is kept for units of work that began before."""


def _announce(turn: Turn) -> Progress:
    generations.announce(turn.wired.keyring, INDEX, turn.progress.generation, turn.now)
    turn.crash("rotation.index.announced")
    return turn.go("points", after=NOTICE)


def _points(turn: Turn) -> Progress:
    return walk(turn, _point_stages(turn), _use)


def _point_stages(turn: Turn) -> list[Stage]:
    keyring, country = turn.wired.keyring, turn.wired.policy.controller.country
    return [
        Stage("cc_contact_point", lambda session, *where: reindex_points(session, keyring, [country], *where)),
        Stage("cc_blind_index", drop_strays),
    ]


def _use(turn: Turn) -> Progress:
    generations.put_in_use(turn.wired.keyring, INDEX, turn.progress.generation, turn.now)
    turn.crash("rotation.index.in_use")
    return turn.go("moves")


def _moves(turn: Turn) -> Progress:
    keyring = turn.wired.keyring
    stages = [
        Stage("cc_account", lambda session, *where: move_accounts(session, keyring, *where)),
        Stage("cc_external_id", lambda session, *where: move_external_ids(session, keyring, *where)),
        Stage("cc_quarantine", lambda session, *where: move_quarantine(session, keyring, *where)),
        Stage("cc_staff", lambda session, *where: move_staff(session, keyring, *where)),
    ]
    return walk(turn, stages, lambda later: later.go("settle"))


def _settle(turn: Turn) -> Progress:
    """Retire the older generations that no entry of the opposition list stands under; then they wait for their end."""
    with reading(turn.wired.sessions) as session:
        listed = entries_by_generation(session)
    free = [gen for gen in _older(turn) if not listed.get(gen)]
    for gen in free:
        generations.retire(turn.wired.keyring, INDEX, gen, turn.now)
    turn.crash("rotation.index.retired")
    return turn.go("check", after=GRACE) if free else _end(turn)


def _check(turn: Turn) -> Progress:
    """Go over the points once more: a unit that began long ago may have written under the old generation alone."""
    with reading(turn.wired.sessions) as session:
        listed = entries_by_generation(session)
    late = [gen for gen in _older(turn) if listed.get(gen) and gen not in turn.wired.keyring.index_written()]
    for gen in late:
        generations.bring_back(turn.wired.keyring, INDEX, gen)
    if late:
        return turn.go("points")
    return walk(turn, _point_stages(turn), lambda later: later.go("drop"))


def _drop(turn: Turn) -> Progress:
    """Delete a batch of values of retired generations, each only beside its value of the new one."""
    old, new = BlindIndexRow, aliased(BlindIndexRow)
    retired = [gen for gen in _older(turn) if gen not in turn.wired.keyring.index_written()]
    key = (old.field_number, old.gen, old.bidx, old.row_id)
    beside = select(new.row_id).where(
        new.row_id == old.row_id, new.field_number == old.field_number, new.gen == turn.progress.generation
    )
    with unit(turn.wired.sessions) as session:
        found = session.execute(select(*key).where(old.gen.in_(retired), beside.exists()).limit(turn.rows)).all()
        if found:
            session.execute(delete(old).where(tuple_(*key).in_([tuple(row) for row in found])))
            queue(session, turn.event(BATCH, {"store": "cc_blind_index", "rows": len(found)}))
            return rotations.advance(session, turn.progress, "drop", changed=len(found))
    return turn.go("destroy")


def _destroy(turn: Turn) -> Progress:
    for gen in _older(turn):
        if gen not in turn.wired.keyring.index_written() and not uses(turn, gen):
            generations.destroy(turn.wired.keyring, INDEX, gen, turn.now)
    turn.crash("rotation.index.destroyed")
    return _end(turn)


def uses(turn: Turn, gen: int) -> dict[str, int]:
    """Count what still needs a generation of the index key, by store; rows that nobody could open count too."""
    found: Counter[str] = Counter()
    with reading(turn.wired.sessions) as session:
        found["cc_suppression"] = entries_by_generation(session).get(gen, 0)
        for table, column in (
            (BLIND_INDEX, BLIND_INDEX.c.gen),
            (ARCHIVE_INDEX, ARCHIVE_INDEX.c.gen),
            (ACCOUNTS, ACCOUNTS.c.gen),
            (_EXTERNALS, _EXTERNALS.c.generation),
        ):
            found[str(table.name)] = session.scalar(select(func.count()).select_from(table).where(column == gen)) or 0
    found["unopened"] = turn.progress.unopened
    return {name: count for name, count in found.items() if count}


def _older(turn: Turn) -> list[int]:
    return [gen for gen in turn.wired.keyring.index_generations() if gen < turn.progress.generation]


def _end(turn: Turn) -> Progress:
    kept = {str(gen): uses(turn, gen) for gen in _older(turn)}
    return turn.end({"rows": turn.progress.done, "kept": kept} if kept else {"rows": turn.progress.done})


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        FIRST: _announce,
        "points": _points,
        "moves": _moves,
        "settle": _settle,
        "check": _check,
        "drop": _drop,
        "destroy": _destroy,
    }
)
