"""What cannot be read is refused by row, column and cause, or set aside; nothing is half-written, nobody is quoted."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, literal, select, table, text, union_all
from sqlalchemy.orm import sessionmaker

from consentcore.binding import bind
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contacts import Contact, ContactPoint
from consentcore.crypto.fields import reveal
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.tables import BlindIndexRow
from consentcore.db import Base, KeyringBase, make_engine
from consentcore.errors import ConfigurationError
from consentcore.policyset import Channel
from consentcore.subjects.tables import DataSubject
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database
from web.settings import read_settings
from web.transaction import reading
from web.wiring import open_service

EMAIL = "canari.serin@volière.example"
PHONE = "+33 6 12 34 56 78"
NAME = "Zéphyrine-Canari"
STREET = "17 rue du Perchoir"
CANARIES = (EMAIL, PHONE, NAME, STREET, "canari.serin", "612345678", "12 34 56 78")
MAPPING = """\
entity: contact
external_id: {system: shop, column: id}
fields: {first_name: name, email: email, phone: phone, address.street: street}
"""
HEADER = ["id", "name", "email", "phone", "street"]


class Installation:
    """A command line, its two databases, and everything it ever said."""

    def __init__(self, cc: CommandLine, database: Database) -> None:
        self.cc = cc
        self.database = database
        self.said: list[str] = []

    def run(self, *arguments: object, exit_code: int, environment: dict[str, str] | None = None) -> str:
        """Run a command, insist on its exit code, and return its one sentence of error, or its answer."""
        cc = CommandLine(self.cc.folder, self.cc.environment | (environment or {}))
        result = cc.run(*arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        self.said += [result.stdout, result.stderr]
        assert result.exit_code == exit_code, (arguments, result.stdout, result.stderr)
        if exit_code:
            sentence = result.stderr.strip()
            assert sentence.count("\n") == 0 and sentence.startswith("consentcore: "), result.stderr
            return sentence.removeprefix("consentcore: ")
        return result.stdout

    def load(self, content: bytes, *more: object, exit_code: int = 0) -> str:
        """Import a file of these bytes."""
        path = self.cc.folder / "people.csv"
        path.write_bytes(content)
        return self.run("import", path, "--mapping", self.mapping(), *more, exit_code=exit_code)

    def mapping(self, content: str = MAPPING) -> Path:
        path = self.cc.folder / "mapping.yaml"
        path.write_text(content, encoding="utf-8")
        return path

    def state(self) -> dict[str, Any]:
        """Count every row of the main database; the keyring's rows are digested, since none of them may change."""
        with self.database.engine.connect().execution_options(cc_begin="DEFERRED") as connection:
            names = sorted(Base.metadata.tables)
            counts = (select(literal(name), func.count()).select_from(table(name)) for name in names)
            found: dict[str, Any] = {row[0]: row[1] for row in connection.execute(union_all(*counts))}
        with self.database.keyring_engine.connect().execution_options(cc_begin="DEFERRED") as connection:
            for name in sorted(KeyringBase.metadata.tables):
                rows = sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all()))
                found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        found["kek.json"] = (self.cc.folder / "kek.json").read_bytes()
        return found


@pytest.fixture
def place(migrated_database: Database, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(command_line(tmp_path, migrated_database.url, migrated_database.keyring_url), migrated_database)
    made.cc("init")
    yield made
    for canary in CANARIES:
        assert not [words for words in made.said if canary in words], "personal data in what a command printed"


def as_csv(*rows: list[str], header: list[str] | None = None, delimiter: str = ",") -> bytes:
    return "".join(delimiter.join(row) + "\n" for row in [header or HEADER, *rows]).encode()


def person(number: str, *, email: str = EMAIL, phone: str = PHONE, name: str = NAME) -> list[str]:
    return [number, name, email, phone, STREET]


GOOD = [person(str(number)) for number in range(1, 4)]
FILE_FAULTS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "not UTF-8": (as_csv(*GOOD) + b"4,Z\xe9phyrine,x@y.example,,\n", ("row 5", "column 2", "not UTF-8")),
    "NUL": (as_csv(*GOOD, person("4", name="Canari\0")), ("row 5", "'name'", "NUL")),
    "NUL in a column nobody wants": (
        as_csv(*[[*row, "x\0" if row[0] == "3" else "x"] for row in GOOD], header=[*HEADER, "note"]),
        ("row 4", "'note'", "NUL"),
    ),
    "missing column": (as_csv(*[row[:4] for row in GOOD], header=HEADER[:4]), ("row 1", "'street'", "no column")),
    "column twice": (as_csv(*GOOD, header=["id", "name", "email", "email", "street"]), ("row 1",)),
    "10 MB field": (as_csv(*GOOD, person("4", name=NAME * 700_000)), ("row 5", "more than", "characters")),
    "field a little too long": (as_csv(*GOOD, person("4", name="N" * 1_000_001)), ("row 5", "1000000 characters")),
    "unclosed quote": (as_csv(*GOOD) + b'4,"' + NAME.encode() + b",a\n", ("row 5", "quote")),
    "empty": (b"", ("empty",)),
}


def test_a_faulty_file_is_refused_whole(place: Installation) -> None:
    before = place.state()
    for fault, (content, told) in FILE_FAULTS.items():
        sentence = place.load(content, exit_code=1)
        assert all(part in sentence for part in told), f"{fault}: {sentence}"
        assert place.state() == before, fault
    assert "row 5" in place.load(FILE_FAULTS["not UTF-8"][0], "--dry-run", exit_code=1)
    place.load(as_csv(*GOOD))
    assert place.state()["cc_contact"] == 3


ROW_FAULTS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "e-mail of 400 characters": (person("10", email="canari.serin" + "x" * 376 + "@y.example"), ("'email'", "398")),
    "no e-mail at all": (person("11", email="canari.serin at home"), ("'email'", "not an e-mail address")),
    "repeated id": (person("1"), ("'id'", "earlier row")),
    "no id": (person(""), ("'id'", "missing")),
    "too few cells": (person("12")[:3], ("3 cells", "5")),
    "too many cells": ([*person("13"), STREET], ("6 cells", "5")),
    "a name too long": (person("14", name=NAME * 1_000), ("'name'", "characters")),
}


def test_a_faulty_row_waits_in_quarantine_until_it_is_mended(place: Installation) -> None:
    rows = [*GOOD, *(row for row, _ in ROW_FAULTS.values())]
    place.load(as_csv(*rows))
    waiting = place.cc("quarantine", "list")
    assert waiting["waiting"] == len(ROW_FAULTS), waiting
    for fault, (_, told) in ROW_FAULTS.items():
        assert any(all(part in cause for part in told) for cause in waiting["causes"]), f"{fault}: {waiting}"
    place.said.append(str(waiting))
    out = place.cc.folder / "aside.csv"
    place.run("quarantine", "export", "--out", out, exit_code=0)
    mended = mend(out)
    answer = place.cc("import", out, "--mapping", place.mapping())
    assert (answer["created"], answer["quarantined"]) == (mended, 0)
    assert place.cc("quarantine", "list")["waiting"] == 0
    state = place.state()
    assert state["cc_contact"] == 3 + mended
    with place.database.engine.connect().execution_options(cc_begin="DEFERRED") as connection:
        left = connection.scalar(text("SELECT count(*) FROM cc_quarantine WHERE resolved_at IS NULL"))
        kept = connection.scalar(text("SELECT count(*) FROM cc_quarantine WHERE sealed_row IS NOT NULL"))
    assert (left, kept) == (0, 0)
    again = place.cc("import", out, "--mapping", place.mapping())
    assert (again["created"], again["duplicates"]) == (0, mended)
    assert place.cc("ledger", "verify")["ok"]


def mend(path: Path) -> int:
    """Give each row of an export what it lacked, and write it back."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    for number, row in enumerate(rows, start=100):
        row.update({"id": str(number), "name": NAME, "email": EMAIL, "phone": PHONE, "street": STREET})
        row.update({name: "" for name in columns if name.startswith("consentcore_extra_")})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


FORMULAS = ("=HYPERLINK(A1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1")


def test_marks_delimiters_and_formulas_are_taken_as_text(place: Installation) -> None:
    bom = "\N{BYTE ORDER MARK}".encode()
    place.load(bom + as_csv(person("b1"), delimiter=";"))
    place.load(bom + as_csv(person("b2")).replace(b"\n", b"\r\n"))
    place.load(as_csv(*[person(f"f{number}", name=cell) for number, cell in enumerate(FORMULAS)]))
    assert place.cc("quarantine", "list")["waiting"] == 0
    with open_service(read_settings(place.cc.environment)) as wired, reading(wired.sessions) as session:
        contacts = session.scalars(select(Contact)).all()
        names = sorted(str(name) for (name,) in reveal(wired.keyring, contacts, Contact.first_name))
    assert names == sorted([NAME, NAME, *(cell.strip() for cell in FORMULAS)])


def test_a_bad_telephone_never_costs_the_row(place: Installation) -> None:
    numbers = [PHONE, "ask reception", "0", "12 34", "☎", f"{PHONE} or ask for Zoé"]
    place.load(as_csv(*[person(str(at), phone=number) for at, number in enumerate(numbers)]))
    assert place.cc("quarantine", "list")["waiting"] == 0
    with open_service(read_settings(place.cc.environment)) as wired, reading(wired.sessions) as session:
        points = session.scalars(select(ContactPoint).where(ContactPoint.kind == "phone")).all()
        opened = [str(value) for (value,) in reveal(wired.keyring, points, ContactPoint.value)]
        indexed = set(session.scalars(select(BlindIndexRow.row_id)))
        assert sorted(opened) == sorted(numbers)
        for point, value in zip(points, opened, strict=True):
            assert point.valid is (value == PHONE) is (point.id in indexed), value


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("import", "people.csv", "--mapping", "mapping.yaml"),
    ("subjects", "find", "--email", EMAIL),
    ("consent", "decide", "--email", EMAIL, "--purpose", "newsletter", "--channel", "email"),
    (
        *("consent", "record", "--email", EMAIL, "--purpose", "newsletter", "--channel", "email"),
        *("--state", "given", "--notice", "newsletter@1", "--method", "web_form"),
    ),
    ("ledger", "verify"),
    ("keys", "status"),
    ("quarantine", "list"),
    ("init",),
)


def test_a_wrong_key_file_is_refused_by_every_command(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    place.load(as_csv(*GOOD))
    monkeypatch.chdir(place.cc.folder)
    other = FileKek.create(place.cc.folder / "other.json").path
    before = place.state()
    for command in COMMANDS:
        for path, part in ((other, "epoch"), (place.cc.folder / "absent.json", "does not exist")):
            sentence = place.run(*command, exit_code=1, environment={"CONSENTCORE_KEK": f"file:{path}"})
            assert part in sentence, (command, sentence)
            assert place.state() == before, command


def damaged(place: Installation, statement: str) -> Callable[[], None]:
    """Change sealed values behind the product's back; the answer puts them back."""
    with place.database.engine.begin() as connection:
        kept = connection.execute(text("SELECT id, first_name FROM cc_contact")).all()
        connection.execute(text(statement))

    def undo() -> None:
        with place.database.engine.begin() as connection:
            for row_id, value in kept:
                connection.execute(
                    text("UPDATE cc_contact SET first_name = :value WHERE id = :id"), {"value": value, "id": row_id}
                )

    return undo


def test_a_cut_or_swapped_ciphertext_stops_an_import_whole(place: Installation) -> None:
    place.load(as_csv(*GOOD))
    changed = as_csv(*[person(row[0], name="Colombe") for row in GOOD], person("9"))
    cut = "UPDATE cc_contact SET first_name = substr(first_name, 1, 40)"
    swapped = "UPDATE cc_contact SET first_name = street"
    before = place.state() | {"cc_import": 2}
    for statement in (cut, swapped):
        undo = damaged(place, statement)
        sentence = place.load(changed, exit_code=1)
        assert "field 100 of row" in sentence and "does not open" in sentence
        undo()
        state = place.state()
        assert state == before, {key: (before[key], state[key]) for key in before if state[key] != before[key]}
        before = before | {"cc_import": 3}
    assert place.cc("ledger", "verify")["ok"]


@contextmanager
def read_only(kind: str) -> Iterator[None]:
    """Let every connection that is opened from now on read alone, as on a disk or a server that is read-only."""
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
    }[kind]

    def forbid(connection: Any, _entry: object) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement)
        if kind == "postgresql":
            connection.commit()

    event.listen(Engine, "connect", forbid)
    try:
        yield
    finally:
        event.remove(Engine, "connect", forbid)


def test_a_database_that_cannot_be_written_is_told_so(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    place.load(as_csv(person("1")))
    (place.cc.folder / "people.csv").write_bytes(as_csv(person("77")))
    monkeypatch.chdir(place.cc.folder)
    before = place.state()
    with read_only(place.database.kind):
        assert place.cc("subjects", "find", "--email", EMAIL)["subject_ref"]
        for command in (COMMANDS[0], COMMANDS[3], ("keys", "rotate", "kek")):
            sentence = place.run(*command, exit_code=1)
            assert "read-only" in sentence, (command, sentence)
    assert place.state() == before
    assert place.cc("ledger", "verify")["ok"]


LEVELS = ("REPEATABLE READ", "SERIALIZABLE")


@pytest.mark.parametrize("level", LEVELS)
def test_a_host_session_at_another_isolation_level_is_refused(place: Installation, level: str) -> None:
    if place.database.kind == "sqlite":
        pytest.skip("SQLite has one level")
    place.load(as_csv(*GOOD))
    before = place.state()
    with open_service(read_settings(place.cc.environment)) as wired:
        host = create_engine(make_engine(place.database.url).url, isolation_level=level)
        factory = sessionmaker(host)
        bind(factory, wired.keyring)
        notice = wired.policy.notice("newsletter", 1, "fr")
        choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, notice)
        with factory() as session:
            person_ref = session.scalars(select(DataSubject.subject_ref)).first()
            assert person_ref is not None
            with pytest.raises(ConfigurationError, match=f"{level}.*READ COMMITTED") as refused:
                record(session, person_ref, [choice], wired.policy, Evidence("web_form", EMAIL), wired.now())
            session.commit()  # whatever a host does next: nothing was written
        host.dispose()
    place.said.append(str(refused.value))
    assert place.state() == before


def test_a_file_system_that_cannot_be_written_is_told_so(place: Installation) -> None:
    out = place.cc.folder / "absent" / "aside.csv"
    place.load(as_csv(person("1", email="canari.serin")))
    sentence = place.run("quarantine", "export", "--out", out, exit_code=1)
    assert "No such file or directory" in sentence
    sentence = place.run("ledger", "checkpoint", "--out", out, exit_code=1)
    assert "No such file or directory" in sentence
