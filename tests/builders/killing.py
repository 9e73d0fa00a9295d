"""Customers who ask to be erased, and commands in processes of their own that die where a test wants them to.

A stem process imports the command line once and is forked for each command: what runs, is killed and runs again is the
product's own entry point in a process of its own, without a second of imports for each.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, func, literal, select, union_all
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Session, configure_mappers

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.db import Base, KeyringBase
from consentcore.ledger.tables import CertificateRow, LogEvent, LogTile
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel
from consentcore.requests import erasure, identity, lifecycle
from consentcore.requests.intake import Intake, receive
from consentcore.requests.tables import Right
from consentcore.subjects import disclosures
from consentcore.subjects.matching import find_subjects
from tests.builders.cli import CommandLine
from web.cli.main import main
from web.settings import read_settings
from web.transaction import reading, unit
from web.wiring import Service, open_service

ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = "first@example.org", "second@example.org"
KILLED = -signal.SIGKILL
BETWEEN = {
    "oppose": ("erasure.oppose.objected",),
    "archive": ("erasure.archive.sealed",),
    "rows": ("erasure.rows.disposed",),
    "keys": ("erasure.keys.destroyed_profile",),
}
"""The points inside a step, by step, of somebody of whom an invoice stays."""
ARCHIVE_KEY = "erasure.keys.destroyed_archive"
"""The one point more of somebody of whom no invoice stays: the archive key goes too."""
_COUNTED_APART = frozenset({LogTile.__tablename__})  # a tile is written for every 256 leaves, whoever's they are


def points(*, archived: bool = True) -> list[str]:
    """Return every named point of an erasure in the order in which it is reached."""
    inside = BETWEEN if archived else {**BETWEEN, "keys": (*BETWEEN["keys"], ARCHIVE_KEY)}
    return [f"erasure.{name}" for step in erasure.STEPS for name in _of(step, inside)]


def _of(step: str, inside: dict[str, tuple[str, ...]]) -> list[str]:
    between = [point.removeprefix("erasure.") for point in inside.get(step, ())]
    return [step, *between, f"{step}.done"]


def done_before(point: str) -> list[str]:
    """Return the steps that are committed when the process dies at a point: those before the one that it is in."""
    steps = list(erasure.STEPS)
    return steps[: steps.index(point.split(".")[1])]


@dataclass(frozen=True)
class Approved:
    """An erasure that waits to be carried out."""

    reference: str
    person: UUID
    email: str


def open_customers(cc: CommandLine, with_invoice: int, without: int = 0) -> list[Approved]:
    """Import made-up customers, let each consent, disclose each to a carrier, and approve the erasure of each."""
    folder = cc.folder / "source"
    folder.mkdir()
    people = [(number, f"cliente{number}@courriel.example") for number in range(with_invoice + without)]
    _import(cc, folder, "contact", [_contact(number, email) for number, email in people])
    _import(cc, folder, "transaction", [_invoice(number) for number, _ in people[:with_invoice]])
    with open_service(read_settings(cc.environment)) as wired:
        with reading(wired.sessions) as session:
            refs = [find_subjects(session, wired.keyring, EMAIL_INDEX, email)[0] for _, email in people]
        return [_ask(wired, ref, email) for ref, (_, email) in zip(refs, people, strict=True)]


def _contact(number: int, email: str) -> dict[str, object]:
    named = {"first_name": f"Odile{number}", "last_name": f"Quenneville{number}", "email": email}
    return {"id": number, **named, "address.street": f"{number} rue des Ifs", "phone": f"+3319900{1000 + number}"}


def _invoice(number: int) -> dict[str, object]:
    named = {"contact.external_id": number, "kind": "invoice", "number": f"F-{number}", "issued_on": "2025-03-05"}
    return {"id": number, **named, "amount": "42.10", "currency": "EUR"}


def _import(cc: CommandLine, folder: Path, entity: str, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    source, mapping = folder / f"{entity}.csv", folder / f"{entity}.yaml"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    fields = "".join(f"  {name}: {name}\n" for name in rows[0] if name != "id")
    head = f"entity: {entity}\nexternal_id: {{system: shop, column: id}}\nfields:\n"
    mapping.write_text(head + fields, encoding="utf-8")
    answer = cc("import", source, "--mapping", mapping)
    assert (answer["created"], answer["quarantined"]) == (len(rows), 0)


def _ask(wired: Service, person: UUID, email: str) -> Approved:
    now, policy = wired.now(), wired.policy
    given = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
    with unit(wired.sessions) as session:
        record(session, person, [given], policy, Evidence("web_form", contact_point=email), now)
        disclosures.record(session, [person], "carrier", "order_management", ["name", "address"], policy, now)
        reference = receive(session, policy, Intake((Right.ERASURE,), email=email), now).reference
        dsr = identity.verify(session, policy, reference, "email_code", FIRST, now)
        plan = erasure.assess(session, wired.keyring, policy, dsr.id, FIRST, now)
        erasure.approve(session, dsr.id, plan.sha256, SECOND, now)
    return Approved(reference, person, email)


class Effects(Counter[str]):
    """How often each thing stands in both databases: rows by table, leaves by type, certificates, messages by kind."""


def change(before: Effects, after: Effects) -> dict[str, int]:
    """Return what there is more (or less, negative) of, what stayed as it was left out."""
    return {name: after[name] - before[name] for name in sorted({*before, *after}) if after[name] != before[name]}


@dataclass(frozen=True)
class Watch:
    """A look at both databases from outside the processes that are killed."""

    wired: Service

    def effects(self) -> Effects:
        """Count everything that an erasure may write or delete."""
        found = Effects()
        with reading(self.wired.sessions) as session:
            _count(found, session, Base.metadata)
            for header in session.scalars(select(LogEvent.header)):
                found[f"leaf {json.loads(bytes(header))['type']}"] += 1
            for kind in session.scalars(select(CertificateRow.kind)):
                found[f"certificate {kind}"] += 1
            for kind in session.scalars(select(OutboxMessage.kind)):
                found[f"message {kind}"] += 1
        with Session(self.wired.keyring.engine) as keys:
            _count(found, keys, KeyringBase.metadata)
        return found

    def steps_done(self, reference: str) -> set[str]:
        """Return the steps of a request that are noted as done."""
        with reading(self.wired.sessions) as session:
            return set(lifecycle.done_steps(session, lifecycle.find(session, reference).id))

    def destroyed(self, person: UUID) -> set[str]:
        """Return the classes of a person's keys that the keyring has destroyed."""
        return {stone.key_class.value for stone in self.wired.keyring.tombstones(person)}


@contextmanager
def watching(cc: CommandLine) -> Iterator[Watch]:
    """Watch the installation of a command line."""
    with open_service(read_settings(cc.environment)) as wired:
        yield Watch(wired)


def _count(found: Effects, session: Session, metadata: MetaData) -> None:
    tables = [table for table in metadata.sorted_tables if table.name not in _COUNTED_APART]
    counts = (select(literal(table.name), func.count()).select_from(table) for table in tables)
    found.update({str(name): int(rows) for name, rows in session.execute(union_all(*counts))})


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or the negative of the signal that killed it."""

    code: int
    out: str
    err: str


class Stem:
    """A process that has imported the command line, and is forked for each command."""

    def __init__(self, cc: CommandLine) -> None:
        self._cc = cc
        kept = {name: text for name, text in os.environ.items() if not name.startswith("CONSENTCORE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.builders.killing"],
            cwd=ROOT,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, crash_at: str = "", commit: int = 0, after: bool = False) -> Ended:
        """Run a command in a fork; it dies at a named point, or at its n-th commit: just before it, or just after."""
        assert self._process.stdin is not None and self._process.stdout is not None
        environment = {**self._cc.environment, **({"CONSENTCORE_CRASH_AT": crash_at} if crash_at else {})}
        files = [str(self._cc.folder / name) for name in ("stem.out", "stem.err")]
        job = {"environment": environment, "arguments": [*arguments, "--json"], "files": files}
        self._process.stdin.write(json.dumps({**job, "commit": commit, "after": after}) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, *(Path(name).read_text(encoding="utf-8") for name in files))

    def end(self) -> None:
        """Let the process end; it has no child left by then."""
        self._process.communicate(timeout=60)


@contextmanager
def stem(cc: CommandLine) -> Iterator[Stem]:
    """Start a stem; it is gone afterwards."""
    made = Stem(cc)
    try:
        yield made
    finally:
        made.end()


def serve() -> None:
    """Be the stem: fork for each line of standard input, answer with how the child ended."""
    configure_mappers()  # else every child would begin with it
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _be_the_command(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be_the_command(job: dict[str, Any]) -> None:
    code = 70
    try:
        os.environ.update(job["environment"])
        for descriptor, name in zip((1, 2), job["files"], strict=True):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        if job["commit"]:
            _die_at_commit(job["commit"], after=job["after"])
        main(job["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _die_at_commit(number: int, *, after: bool) -> None:
    commit, seen = DefaultDialect.do_commit, [0]

    def counted(dialect: DefaultDialect, connection: Any) -> None:
        seen[0] += 1
        if seen[0] == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(dialect, connection)
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()
