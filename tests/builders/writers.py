"""Processes that write consent in random units and may be killed at any instant, and the parent that kills them."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.db import make_engine
from consentcore.ledger.fsck import audit
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogContent, LogEvent, LogLeaf
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects.tables import DataSubject
from policies.loader import load
from tests.builders.databases import Database
from tests.builders.people import draft
from web.transaction import reading

DEADLOCKS = frozenset({"40P01", 1213})  # a victim is rolled back whole by its server: the application tries again
STATES = (ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.REFUSED)
JOIN_S = 40
_CONTEXT = multiprocessing.get_context("forkserver")  # no thread, no open connection to inherit


@dataclass(frozen=True)
class Job:
    """Where the writers write, about whom, and the folder through which they and their parent speak."""

    url: str
    keyring_url: str
    kek: Path
    people: tuple[UUID, ...]
    folder: Path

    @property
    def stop(self) -> Path:
        """The file whose presence asks every writer to end after its unit."""
        return self.folder / "stop"


def crew_job(database: Database, keyring: Keyring, people: Sequence[UUID], folder: Path) -> Job:
    """Describe the work on a database under test."""
    assert isinstance(keyring.provider, FileKek)
    folder.mkdir()
    return Job(database.url, database.keyring_url, keyring.provider.path, tuple(people), folder)


def write(job: Job, seed: int) -> None:
    """Be one writer: units until asked to stop; what was acknowledged, what undone, what went wrong goes to files."""
    engine, keyring_engine = make_engine(job.url, pool_size=1), make_engine(job.keyring_url, pool_size=1)
    keyring = Keyring(keyring_engine, FileKek(job.kek))
    factory = sessionmaker(engine)
    bind(factory, keyring)
    draw = random.Random(seed)  # noqa: S311
    one = _Writer(job, keyring, load(None), draw)
    descriptor = os.open(job.folder / f"{seed}.told", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while not job.stop.exists():
            os.write(descriptor, one.unit(factory))
    except BaseException:
        (job.folder / f"{seed}.error").write_text(traceback.format_exc(), encoding="utf-8")
        raise
    finally:
        engine.dispose()
        keyring_engine.dispose()


class _Writer:
    def __init__(self, job: Job, keyring: Keyring, policy: PolicySet, draw: random.Random) -> None:
        self._people = list(job.people)
        self._keyring = keyring
        self._policy = policy
        self._draw = draw
        self._kept: list[UUID] = []
        self._undone: list[UUID] = []

    def unit(self, factory: sessionmaker[Session]) -> bytes:
        """Do one unit and return what can be said of it for sure: `+ id` is stored, `- id` must not be."""
        self._kept, self._undone = [], []
        try:
            with factory() as session:
                self._end(session)
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
            self._undone += self._kept
            self._kept = []
        lines = [f"+ {one}\n" for one in self._kept] + [f"- {one}\n" for one in self._undone]
        return "".join(lines).encode()

    def _end(self, session: Session) -> None:
        connection = session.connection()
        try:
            self._steps(session)
            if self._draw.random() < 0.15:
                session.rollback()
                self._undone += self._kept
                self._kept = []
            else:
                session.commit()
        except DBAPIError:
            connection.invalidate()  # a deadlock's victim lost its savepoints too: MariaDB refuses to go back to one
            raise

    def _steps(self, session: Session) -> None:
        for _ in range(self._draw.randint(1, 3)):
            lot = self._draw.random()
            if lot < 0.5:
                self._kept += self._record(session)
            elif lot < 0.95:
                self._savepoint(session, depth=self._draw.randint(1, 2))
            else:
                seldom = f"{self._draw.getrandbits(60):x}@courriel.example"
                made = open_contacts(session, self._keyring, [draft(seldom)], datetime.now(UTC))
                self._kept += self._record(session, made[0].subject_ref)

    def _savepoint(self, session: Session, depth: int) -> None:
        before = len(self._kept)
        savepoint = session.begin_nested()
        self._kept += self._record(session)
        if depth > 1:
            self._savepoint(session, depth - 1)
        if self._draw.random() < 0.5:
            savepoint.rollback()
            self._undone += self._kept[before:]
            del self._kept[before:]
        else:
            savepoint.commit()

    def _record(self, session: Session, person: UUID | None = None) -> list[UUID]:
        notice = self._policy.notice("newsletter", 1, "fr")
        choices = [
            Choice("newsletter", Channel.EMAIL, self._draw.choice(STATES), notice)
            for _ in range(self._draw.randint(1, 2))
        ]
        evidence = Evidence("web_form", details={"page": "x" * self._draw.randint(0, 200)})
        whom = person or self._draw.choice(self._people)
        done = record(session, whom, choices, self._policy, evidence, datetime.now(UTC))
        return [each.record_id for each in done]


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether a server chose this unit as a deadlock's victim."""
    arguments = getattr(error.orig, "args", ()) or (None,)
    return getattr(error.orig, "sqlstate", None) in DEADLOCKS or arguments[0] in DEADLOCKS


class Crew:
    """Running writers, of whom any may be killed and replaced."""

    def __init__(self, job: Job, size: int, seed: int) -> None:
        self._job = job
        self._draw = random.Random(seed)  # noqa: S311
        self._next = seed
        self._running: list[ForkServerProcess] = []
        self.kills = 0
        for _ in range(size):
            self._start()

    def _start(self) -> None:
        self._next += 1
        process = _CONTEXT.Process(target=write, args=(self._job, self._next))
        process.start()
        self._running.append(process)

    def let_write(self, seconds: float) -> None:
        """Let the writers work for a while; none of them may end by itself. Raises: AssertionError."""
        ended = wait([process.sentinel for process in self._running], timeout=seconds)
        assert not ended, self.errors() or "a writer ended by itself"

    def kill_one(self) -> None:
        """Kill a random writer without warning, and start another in its place."""
        victim = self._running.pop(self._draw.randrange(len(self._running)))
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join(JOIN_S)
        assert victim.exitcode == -signal.SIGKILL, self.errors() or f"a writer ended with {victim.exitcode}"
        victim.close()
        self.kills += 1
        self._start()

    def pause(self) -> float:
        """Draw how long to wait until the next kill, in seconds."""
        return self._draw.uniform(0.02, 0.35)

    def finish(self) -> None:
        """Ask every writer to stop, and insist that each ended well."""
        self._job.stop.touch()
        for process in self._running:
            process.join(JOIN_S)
        codes = [process.exitcode for process in self._running]
        assert codes == [0] * len(codes), self.errors() or f"writers ended with {codes}"

    def end(self) -> None:
        """Leave no process behind, however the test went."""
        for process in self._running:
            if process.is_alive():
                process.kill()
            process.join(JOIN_S)
            process.close()
        self._running.clear()

    def errors(self) -> str:
        """Return what the writers that failed have left."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self._job.folder.glob("*.error")))


@contextmanager
def crew(job: Job, size: int, seed: int) -> Iterator[Crew]:
    """Start `size` writers; none of them is alive afterwards."""
    _CONTEXT.set_forkserver_preload([__name__])
    made = Crew(job, size, seed)
    try:
        yield made
    finally:
        made.end()


def told(folder: Path) -> tuple[set[UUID], set[UUID]]:
    """Return the records whose commit was acknowledged, and those that were rolled back."""
    kept: set[UUID] = set()
    undone: set[UUID] = set()
    for path in folder.glob("*.told"):
        for line in path.read_text(encoding="ascii").splitlines():
            (kept if line[0] == "+" else undone).add(UUID(line[2:]))
    return kept, undone


def newest_note(factory: sessionmaker[Session]) -> list[str]:
    """Return the newest signed checkpoint, as an outsider would keep it; none while the log is empty."""
    with reading(factory) as session:
        newest = latest_checkpoint(session)
    return [] if newest is None else [newest.note]


def check_everything(factory: sessionmaker[Session], keyring: Keyring, folder: Path, notes: Sequence[str]) -> int:
    """Insist that nothing is lost, forked or left over, and return the number of consent records.

    `notes` are checkpoints seen while the writers wrote: the log as it is must continue each of them.
    """
    vkeys = [keyring.log_signer().vkey]
    with reading(factory) as session:
        for note in [None, *notes]:
            found = audit(session, vkeys, note)
            assert found.ok, f"first bad {found.first_bad}: {found.problem}"
        assert list(compare(session, keyring)) == []
        proven = set(
            session.scalars(select(ConsentRecord.id).join(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id))
        )
        stored = set(session.scalars(select(ConsentRecord.id)))
        assert stored == proven
        persons = list(session.scalars(select(DataSubject.subject_ref)))
        assert keyring.missing(persons) == []
        contents = session.scalar(select(func.count()).select_from(LogContent))
        events = session.scalar(select(func.count()).select_from(LogEvent))
        assert contents == events == found.size == len(stored)
    kept, undone = told(folder)
    assert kept and undone
    assert kept <= stored, f"{len(kept - stored)} acknowledged records are not there"
    assert not undone & stored, f"{len(undone & stored)} records that were rolled back are there"
    return len(stored)
