"""Rotating data keys: a new generation for every person, stored values sealed anew, then the end of the older ones.

The shared key, of rows that belong to nobody known, goes the same way. Older generations stay for an hour after the new
ones came, for units of work that began before; before they go, each person's values are looked at once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select

from consentcore.crypto import datakeys, generations, rotations
from consentcore.crypto.resealing import older_shared_values, older_values, reseal, reseal_persons
from consentcore.crypto.roots import SHARED
from consentcore.crypto.rotations import Progress
from consentcore.crypto.stores import SealedStore, kept_apart, sealed_stores, unknown_stores
from consentcore.errors import Conflict
from consentcore.ledger.log import queue
from consentcore.subjects.tables import DataSubject
from web.jobs.rotation_turn import BATCH, Stage, Step, Turn, again, walk
from web.security import unsubscribe_links
from web.transaction import reading, unit

FIRST = "open"
GRACE = timedelta(hours=1)
"""How long the older generations stay, for units of work that began before the new ones came."""
PERSONS = 100
_INSTANT = timedelta(microseconds=1)
_LINKS = unsubscribe_links.SHARED_TABLE  # imported so that every table number which stays is registered


class UnknownStore(Conflict):
    """A table may hold sealed values and is not mapped in this process: keys it needs could be destroyed."""

    default_code = "unknown_store"


def _open(turn: Turn) -> Progress:
    """Give the next persons a new generation of every key that is older than this rotation."""
    keyring, progress = turn.wired.keyring, turn.progress
    _refuse_unknown(turn)
    after = None if progress.place is None else UUID(progress.place)
    opened = again(lambda: datakeys.open_generations(keyring, _made_at(turn), _made_at(turn), after, turn.rows))
    turn.crash("rotation.data.opened")
    if opened.last is None:
        return turn.go("shared")
    with unit(turn.wired.sessions) as session:
        if opened.made:
            queue(session, turn.event(BATCH, {"store": "cc_keyring", "rows": opened.made}))
        return rotations.advance(session, progress, FIRST, place=str(opened.last), changed=opened.made)


def _open_shared(turn: Turn) -> Progress:
    keyring = turn.wired.keyring
    newest = generations.newest(keyring, SHARED)
    with keyring.reading() as connection:
        made_at = generations.made_at(connection, SHARED, newest)
    if made_at < _made_at(turn):
        newest += 1
        generations.announce(keyring, SHARED, newest, _made_at(turn))
    generations.put_in_use(keyring, SHARED, newest, turn.now)
    turn.crash("rotation.data.shared")
    return turn.go("rows")


def _rows(turn: Turn) -> Progress:
    """Seal a batch of rows of one table anew."""
    return walk(turn, [_stage(turn, store) for store in _stores(turn)], lambda later: later.go("rest", after=GRACE))


def _stage(turn: Turn, store: SealedStore) -> Stage:
    keyring = turn.wired.keyring
    return Stage(str(store.table.name), lambda session, *where: reseal(session, keyring, store, *where))


def _rest(turn: Turn) -> Progress:
    """Look at the next persons with older generations: seal what is left of them anew, and let the older ones go."""
    keyring, progress, stores = turn.wired.keyring, turn.progress, _stores(turn)
    _refuse_unknown(turn)
    after = None if progress.place is None else UUID(progress.place)
    found = datakeys.older_keys(keyring, after, PERSONS)
    if found.last is None:
        return turn.go("rest_shared")
    persons = sorted({person for person, _ in found.keys})
    if persons:
        again(lambda: _reseal_rest(turn, persons))
    with reading(turn.wired.sessions) as session:
        needed = older_values(session, keyring, stores, persons) if persons else frozenset()
        seen = set(session.scalars(select(DataSubject.subject_ref).where(DataSubject.subject_ref.in_(persons))))
    # Of whom no row is seen nothing is known: an orphan, or hidden from this unit by a wall. Their keys stay.
    needed |= {key for key in found.keys if key[0] not in seen}
    turn.crash("rotation.data.looked")
    again(lambda: datakeys.supersede(keyring, found.keys - needed, turn.now))
    turn.crash("rotation.data.superseded")
    with unit(turn.wired.sessions) as session:
        return rotations.advance(session, progress, "rest", place=str(found.last), unopened=len(needed))


def _reseal_rest(turn: Turn, persons: list[UUID]) -> None:
    with unit(turn.wired.sessions) as session:
        changed, _ = reseal_persons(session, turn.wired.keyring, _stores(turn), persons)
        if changed:
            queue(session, turn.event(BATCH, {"store": "late", "rows": changed}))


def _rest_shared(turn: Turn) -> Progress:
    """Seal what is left under older generations of the shared key anew; then they go, if nothing needs them."""
    stages = [_stage(turn, store) for store in _stores(turn) if any(one.shared is not None for one in store.columns)]
    return walk(turn, stages, lambda later: later.go("destroy_shared"))


def _destroy_shared(turn: Turn) -> Progress:
    keyring = turn.wired.keyring
    with reading(turn.wired.sessions) as session:
        left = older_shared_values(session, keyring, _stores(turn))
    for generation in keyring.shared_generations()[1:] if not left else ():
        generations.retire(keyring, SHARED, generation, turn.now)
        generations.destroy(keyring, SHARED, generation, turn.now, kept_apart())
    turn.crash("rotation.data.destroyed")
    return turn.end({"rows": turn.progress.done, "keys_still_needed": turn.progress.unopened, "shared_left": left})


def _stores(turn: Turn) -> list[SealedStore]:
    return sealed_stores(turn.metadata)


def _made_at(turn: Turn) -> datetime:
    """Return when the new generations count as made: just after this rotation began, whichever run makes them."""
    return turn.progress.began_at + _INSTANT


def _refuse_unknown(turn: Turn) -> None:
    with reading(turn.wired.sessions) as session:
        unknown = unknown_stores(session.connection(), turn.metadata)
    if unknown:
        raise UnknownStore(
            f"table {unknown[0]} has a subject_ref and is not mapped here: it may hold sealed values whose key this "
            "rotation would destroy; run it inside the application that maps the table (docs/embedding.md)"
        )


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        FIRST: _open,
        "shared": _open_shared,
        "rows": _rows,
        "rest": _rest,
        "rest_shared": _rest_shared,
        "destroy_shared": _destroy_shared,
    }
)
