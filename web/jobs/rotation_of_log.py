"""Rotating the log's key: the new one signs beside the old for a while, then alone; each change is a leaf.

The seed of the old key is destroyed at the end. Its public key stays: old checkpoints and receipts hold by it for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from consentcore.crypto import generations, rotations
from consentcore.crypto.rootkeys import LogKey
from consentcore.crypto.roots import LOG
from consentcore.crypto.rotations import Progress
from consentcore.ledger.keychange import record_change
from web.jobs.rotation_turn import Step, Turn
from web.transaction import unit

FIRST = "announce"
OVERLAP = timedelta(days=7)
"""How long both keys sign, so that whoever follows the log has the time to take the new public key."""


def _announce(turn: Turn) -> Progress:
    generations.announce(turn.wired.keyring, LOG, turn.progress.generation, turn.now)
    turn.crash("rotation.log.announced")
    return turn.go("add")


def _add(turn: Turn) -> Progress:
    new = _key(turn, turn.progress.generation)
    with unit(turn.wired.sessions) as session:
        record_change(session, [new.vkey], [], turn.now)
        progress = rotations.advance(session, turn.progress, "use")
    turn.crash("rotation.log.added")
    return progress


def _use(turn: Turn) -> Progress:
    generations.put_in_use(turn.wired.keyring, LOG, turn.progress.generation, turn.now)
    turn.crash("rotation.log.in_use")
    return turn.go("retire", after=OVERLAP)


def _retire(turn: Turn) -> Progress:
    older = [key.vkey for key in _older(turn)]
    with unit(turn.wired.sessions) as session:
        record_change(session, [], older, turn.now)
        progress = rotations.advance(session, turn.progress, "destroy")
    turn.crash("rotation.log.retired")
    return progress


def _destroy(turn: Turn) -> Progress:
    for key in _older(turn):
        generations.retire(turn.wired.keyring, LOG, key.generation, turn.now)
        turn.crash("rotation.log.marked")
        generations.destroy(turn.wired.keyring, LOG, key.generation, turn.now)
    for generation in _undestroyed(turn):
        generations.destroy(turn.wired.keyring, LOG, generation, turn.now)
    turn.crash("rotation.log.destroyed")
    return turn.end({})


def _key(turn: Turn, generation: int) -> LogKey:
    return next(key for key in turn.wired.keyring.log_keys() if key.generation == generation)


def _older(turn: Turn) -> list[LogKey]:
    keys = turn.wired.keyring.log_keys()
    return [key for key in keys if key.generation < turn.progress.generation and key.signer is not None]


def _undestroyed(turn: Turn) -> list[int]:
    """Return generations that were retired by a run that died before it destroyed them."""
    return [
        key.generation
        for key in turn.wired.keyring.log_keys()
        if key.generation < turn.progress.generation and key.signer is None
    ]


STEPS: Mapping[str, Step] = MappingProxyType(
    {FIRST: _announce, "add": _add, "use": _use, "retire": _retire, "destroy": _destroy}
)
