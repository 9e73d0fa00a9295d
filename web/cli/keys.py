"""`consentcore keys`: the keyring's state, rotation, and destruction as a deliberate act."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.orphans import sweep_orphans
from consentcore.crypto.rotation import destroy_epoch as destroy_kek_epoch
from consentcore.crypto.rotation import rotate_kek
from consentcore.ledger.certificates import certificate as find_certificate
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects import shredding
from consentcore.subjects.tables import DataSubject
from web.cli.command import Group, service
from web.cli.people import person_options, the_person
from web.files import write_atomically
from web.transaction import reading, unit
from web.wiring import Service

ROTATED = register("keys.kek_rotated", "every key was wrapped under a new epoch of the key-encryption key")
EPOCH_DESTROYED = register("keys.epoch_destroyed", "an epoch of the key-encryption key was destroyed with its evidence")
ORPHAN_AGE = timedelta(days=1)


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
        }


@keys.command()
@click.argument("what", type=click.Choice(["kek"]))
def rotate(what: str) -> dict[str, Any]:
    """Open a new epoch of the key-encryption key and wrap every key under it; broken off, run it again."""
    with service() as wired:
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
