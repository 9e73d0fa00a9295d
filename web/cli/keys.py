"""`consentcore keys`: the keyring's state, rotation, and destruction as a deliberate act."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select

from consentcore.clock import iso
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.orphans import sweep_orphans
from consentcore.crypto.rotation import destroy_epoch as destroy_kek_epoch
from consentcore.crypto.rotation import rotate_kek
from consentcore.crypto.rotations import Keys
from consentcore.crypto.rotations import Progress as Stand
from consentcore.ledger.certificates import certificate as find_certificate
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects import shredding
from consentcore.subjects.tables import DataSubject
from web.cli.command import Group, service
from web.cli.people import person_options, the_person
from web.files import write_atomically
from web.jobs.rotation import rotate as rotate_keys
from web.jobs.rotation import standing
from web.transaction import reading, unit
from web.wiring import Service

ROTATED = register("keys.kek_rotated", "every key was wrapped under a new epoch of the key-encryption key")
EPOCH_DESTROYED = register("keys.epoch_destroyed", "an epoch of the key-encryption key was destroyed with its evidence")
ORPHAN_AGE = timedelta(days=1)
KEK = "kek"
SHORT = timedelta(minutes=1)
"""A wait that the command sits out itself."""


@click.group(cls=Group)
def keys() -> None:
    """Look at keys, rotate them, destroy them."""


@keys.command()
def status() -> dict[str, Any]:
    """Say which epoch wraps the keys, which epochs live, and how many persons have keys."""
    with service() as wired:
        found = wired.keyring.status()
        with reading(wired.sessions) as session:
            pending = len(shredding.open_requests(session))
        return {
            "epoch": found.epoch,
            "epochs": list(found.epochs),
            "provider": found.provider,
            "subjects": found.subjects,
            "destroyed": found.tombstones,
            "pending": pending,
            "index_generations": list(found.index_generations),
            "shared_generations": list(found.shared_generations),
            "log_generations": list(found.log_generations),
        }


@keys.command()
@click.argument("what", type=click.Choice([KEK, *(one.value for one in Keys)]))
@click.option("--at-once", is_flag=True, help="Wait for nobody: only while no other process uses the databases.")
def rotate(what: str, at_once: bool) -> dict[str, Any]:
    """Bring everything under a new master key (kek), data keys, index key or log key; broken off, run it again.

    A rotation of data, index or log keys that has to wait says until when; the jobs go on with it, or this command.
    """
    with service() as wired:
        return _rotate_kek(wired) if what == KEK else _rotate(wired, Keys(what), at_once=at_once)


def _rotate_kek(wired: Service) -> dict[str, Any]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("wrapping keys anew", total=None)
        report = rotate_kek(
            wired.keyring,
            wired.now(),
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with unit(wired.sessions) as session:
        queue(session, Event(type=ROTATED, at=wired.now(), data={"epoch": report.epoch}))
    return {"epoch": report.epoch, "rewrapped": report.rewrapped, "resumed": report.resumed}


def _rotate(wired: Service, what: Keys, *, at_once: bool) -> dict[str, Any]:
    now, resumed = wired.now(), standing(wired, what) is not None
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{what.value} keys", total=None)

        def told(progress: Stand) -> None:
            bar.update(task, description=f"{what.value} keys: {progress.phase}", completed=progress.done)

        found = rotate_keys(wired, what, now, at_once=at_once, told=told)
        while found.ended_at is None and found.due_at is not None and found.due_at - now <= SHORT:
            bar.update(task, description="until every process has taken note")
            time.sleep((found.due_at - now).total_seconds())
            now = found.due_at  # the settings' clock may stand still
            found = rotate_keys(wired, what, now, told=told)
    return {
        "what": what.value,
        "generation": found.generation,
        "phase": found.phase,
        "rows": found.done,
        "unopened": found.unopened,
        "due_at": iso(found.due_at) if found.due_at else None,
        "ended_at": iso(found.ended_at) if found.ended_at else None,
        "resumed": resumed,
    }


@keys.command(name="destroy-epoch")
@click.argument("epoch", type=click.IntRange(min=1))
def destroy_epoch(epoch: int) -> dict[str, Any]:
    """Destroy an old epoch: from then on no older backup of the keyring opens anything."""
    with service() as wired:
        evidence = destroy_kek_epoch(wired.keyring, epoch, wired.now())
        with unit(wired.sessions) as session:
            queue(session, Event(type=EPOCH_DESTROYED, at=wired.now(), data={"epoch": epoch, "evidence": evidence}))
        return {"epoch": epoch, "evidence": evidence}


@keys.command()
@person_options
@click.option("--class", "key_class", required=True, type=click.Choice([one.value for one in KeyClass]))
@click.option("--reason", default="deliberate", show_default=True, help="A code, such as erasure or test.")
@click.option("--by", required=True, help="Who decided it.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the certificate.")
def shred(
    email: str | None, subject: UUID | None, key_class: str, reason: str, by: str, out: Path | None
) -> dict[str, Any]:
    """Destroy one key of one person for good, with a signed certificate; what it sealed never opens again."""
    with service() as wired:
        _finish_open_requests(wired)
        with unit(wired.sessions) as session:
            person = the_person(session, wired.keyring, email, subject)
            shredding.request(session, person, KeyClass(key_class), reason, by, wired.now())
        done = _finish_open_requests(wired)
        if out is not None:
            write_atomically(out, done[-1]["note"])
        return {"subject_ref": str(person), "key_class": key_class, **done[-1], "out": str(out) if out else None}


def _finish_open_requests(wired: Service) -> list[dict[str, Any]]:
    with reading(wired.sessions) as session:
        waiting = shredding.open_requests(session)
    done = []
    for pending in waiting:
        facts = shredding.destroy(wired.keyring, pending, wired.now())
        with unit(wired.sessions) as session:
            issued = shredding.certify(session, pending, facts, wired.now())
        done.append({"certificate": issued.number, "note": issued.note, **json.loads(issued.body)["body"]})
    return done


@keys.command()
@click.argument("number")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def certificate(number: str, out: Path) -> dict[str, Any]:
    """Write a certificate of destruction, signed and provable in the log."""
    with service() as wired, reading(wired.sessions) as session:
        found = find_certificate(session, number)
    write_atomically(out, found.note)
    return {"certificate": found.number, "kind": found.kind, "sha256": found.sha256, "out": str(out)}


@keys.command()
def sweep() -> dict[str, Any]:
    """Delete keys, a day old at least, of persons who never reached the database because their unit failed."""
    with service() as wired:

        def known(refs: Sequence[UUID]) -> set[UUID]:
            with reading(wired.sessions) as session:
                return set(session.scalars(select(DataSubject.subject_ref).where(DataSubject.subject_ref.in_(refs))))

        return {"swept": sweep_orphans(wired.keyring, known, made_before=wired.now() - ORPHAN_AGE)}
