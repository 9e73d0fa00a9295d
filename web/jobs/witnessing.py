"""Having the log witnessed: cosigned by each witness, time-stamped and mailed once a day; never in a unit of work.

A witness that cannot be asked holds nothing up: the failure is noted beside its name and it is asked again later,
each time after twice the pause. No leaf is written about it, or each checkpoint would make the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from consentcore.errors import ConsentCoreError
from consentcore.ledger import witnessed
from consentcore.ledger.proofs import SignedCheckpoint, consistency_proof, latest_checkpoint
from consentcore.outbox.put import put
from web.transaction import reading, unit
from web.wiring import Service
from web.witness import client, timestamp
from web.witness.client import Refused, Witness
from web.witness.letter import checkpoint_letter
from web.witness.post import NoAnswer

LOG = logging.getLogger("consentcore.jobs")
COSIGNED_EVERY = timedelta(minutes=1)
DAILY = timedelta(days=1)
MAIL = "mail"

Act = Callable[[SignedCheckpoint, int], Callable[[Session], None]]
"""Asks somebody outside about a checkpoint, given the size last confirmed; returns what is to be written down."""


@dataclass(frozen=True, slots=True)
class Witnessing:
    """What one turn did: witnesses, authorities and mails that answered, and those that did not."""

    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Outsider:
    name: str
    every: timedelta
    act: Act


def witness_log(service: Service) -> Witnessing:
    """Ask everybody outside who is due about the newest checkpoint, one after the other.

    Effects: rows of tokens, cosignatures and standings, a message in the outbox; each in a unit of its own.
    """
    outsiders = tuple(_outsiders(service))
    if not outsiders:
        return Witnessing(0, 0)
    with reading(service.sessions) as session:
        newest = latest_checkpoint(session)
        standings = {one.name: one for one in witnessed.standings(session)}
    if newest is None:
        return Witnessing(0, 0)
    answered = failed = 0
    for one in outsiders:
        known = standings.get(one.name)
        if known is not None and (service.now() < known.due_at or (known.size == newest.size and not known.failures)):
            continue
        if _ask(service, one, newest, known.size if known else 0):
            answered += 1
        else:
            failed += 1
    return Witnessing(answered, failed)


def _outsiders(service: Service) -> Iterator[_Outsider]:
    settings = service.settings
    for witness in settings.witnesses:
        name = f"witness {witness.key.name}+{witness.key.key_id.hex()}"
        yield _Outsider(name, COSIGNED_EVERY, _cosigning(service, witness))
    if settings.tsa is not None:
        yield _Outsider(f"authority {tsa_name(settings.tsa)}", DAILY, _stamping(service, settings.tsa))
    if settings.checkpoint_mail is not None:
        yield _Outsider(MAIL, DAILY, _mailing(service, settings.checkpoint_mail))


def tsa_name(url: str) -> str:
    """Return what an authority is called where its token is kept: its host."""
    return (urlsplit(url).hostname or "")[:255]


def _ask(service: Service, one: _Outsider, newest: SignedCheckpoint, known: int) -> bool:
    try:
        write = one.act(newest, known)
    except (NoAnswer, ConsentCoreError) as problem:
        # Whoever holds another history than ours is the reason to have witnesses at all.
        level = logging.ERROR if isinstance(problem, Refused) else logging.WARNING
        LOG.log(level, "%s: %s", one.name, problem)
        with unit(service.sessions) as session:
            witnessed.failed(session, one.name, str(problem), service.now())
        return False
    with unit(service.sessions) as session:
        write(session)
        witnessed.answered(session, one.name, newest.size, service.now(), one.every)
    return True


def _cosigning(service: Service, witness: Witness) -> Act:
    def act(newest: SignedCheckpoint, known: int) -> Callable[[Session], None]:
        def proofs(old: int) -> Sequence[bytes]:
            with reading(service.sessions) as session:
                return consistency_proof(session, old, newest.size)

        given = client.ask(witness, newest, known, proofs, service.now())
        return lambda session: witnessed.add_cosignature(session, newest.size, newest.root, given)

    return act


def _stamping(service: Service, url: str) -> Act:
    def act(newest: SignedCheckpoint, _known: int) -> Callable[[Session], None]:
        ca = service.settings.tsa_ca
        authorities = timestamp.read_authorities(ca) if ca is not None else ()
        token = timestamp.take(url, _body(newest), authorities, service.now())
        stamp = witnessed.Timestamp(newest.size, newest.root, tsa_name(url), token.response, token.at)
        return lambda session: witnessed.add_timestamp(session, stamp)

    return act


def _mailing(service: Service, to: str) -> Act:
    return lambda newest, _known: lambda session: mail_checkpoint(session, service, newest, to, service.now())


def mail_checkpoint(session: Session, service: Service, newest: SignedCheckpoint, to: str, now: datetime) -> None:
    """Put a checkpoint, with the cosignatures that are kept for it, into the outbox in the caller's unit.

    Raises: BadInput for an address with a line break.
    """
    cosigned = witnessed.with_cosignatures(session, newest)
    put(session, service.keyring, checkpoint_letter(service.policy.controller, cosigned, to), now)


def _body(checkpoint: SignedCheckpoint) -> bytes:
    return (checkpoint.note.rpartition("\n\n")[0] + "\n").encode()
