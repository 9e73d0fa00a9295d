"""What an erasure leaves: not a byte of the person in what the product wrote, no value but those listed as kept."""

from __future__ import annotations

import csv
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, inspect, select, text

from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.ledger.tables import LogEvent
from consentcore.retention.tables import ArchivedRow
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults
from tests.builders.scan import places
from web.settings import read_settings
from web.transaction import reading
from web.wiring import open_service

FIRST, SECOND = "first@example.org", "second@example.org"
ENCODINGS = ("utf-8", "utf-16-le", "latin-1")
KEPT = ("retained", "archived")
NEWSLETTER = ("--purpose", "newsletter", "--channel", "email", "--notice", "newsletter@1")
ARCHIVE = {"cc_archived_row", "cc_archive_index"}
PROOF_AND_FILE = {"cc_log_content", "cc_consent_record", "cc_request", "cc_suppression"}
SPOKEN_OF_IN = {"consent.given", "consent.withdrawn"}
"""The events whose sealed content may tell of the person: the proof of consents."""
HELD = {"cc_contact", "cc_contact_point", "cc_transaction", "cc_blind_index", "cc_request", "cc_outbox"}


pytestmark = servers_in_faults("migrated_database")


@dataclass(frozen=True)
class Person:
    """A customer of Chinook, the last days of what is kept, and the surname that a rectification gives."""

    row: dict[str, str]
    kept_until: set[str]
    region: str
    new_name: str

    @property
    def email(self) -> str:
        """The address by which the person is known."""
        return self.row["email"]

    @property
    def points(self) -> list[str]:
        """The contact points as the index has them."""
        numbers = (normalise_phone(self.row[name], self.region) for name in ("phone", "fax") if self.row[name])
        return [str(normalise_email(self.email)), *(str(one) for one in numbers)]

    @property
    def needles(self) -> list[str]:
        """Every text that tells who it is; nobody else in the data has any of them."""
        named = ("first_name", "last_name", "address", "email", "phone", "fax", "company")
        return [self.new_name, *self.points, *(self.row[name] for name in named if self.row[name])]


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))  # what is left there is searched too
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made.environment["CONSENTCORE_NOW"] = "2026-11-09T09:00:00Z"
    made("init")
    return made


@pytest.fixture
def wal_is_kept(cc: CommandLine, migrated_database: Database) -> Iterator[None]:
    """Hold both files open: the last connection to close would fold the WAL into its file and delete it."""
    if migrated_database.kind != "sqlite":
        yield
        return
    names = [str(engine.url.database) for engine in (migrated_database.engine, migrated_database.keyring_engine)]
    with closing(sqlite3.connect(names[0])) as main, closing(sqlite3.connect(names[1])) as keyring:
        for connection in (main, keyring):
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield


@pytest.fixture
def people(cc: CommandLine, wal_is_kept: None, data_dir: Path) -> list[Person]:
    folder = data_dir / "chinook"
    for name, mapping, rows in (("customer", "contacts", 59), ("invoice", "invoices", 412)):
        assert cc("import", folder / f"{name}.csv", "--mapping", folder / f"{mapping}.mapping.yaml")["created"] == rows
    with (folder / "customer.csv").open(encoding="utf-8", newline="") as file:
        rows_by_id = {row["customer_id"]: row for row in csv.DictReader(file)}
    with (folder / "invoice.csv").open(encoding="utf-8", newline="") as file:
        issued = [(row["customer_id"], int(row["invoice_date"][:4])) for row in csv.DictReader(file)]
    ends = {number: {f"{year + 10}-12-31" for of, year in issued if of == number} for number in ("1", "2")}
    found = [
        Person(rows_by_id["2"], ends["2"], "DE", "Weißenfels"),
        Person(rows_by_id["1"], ends["1"], "BR", "Vasconcelos-Prado"),
    ]
    source = [("customer.csv", (folder / "customer.csv").read_bytes())]
    imported = {text for one in found for text in one.row.values()}
    assert {text for _, text in occurrences(source, imported)} >= {one.email for one in found}  # the search can find
    return found


def occurrences(stored: Iterable[tuple[str, bytes]], needles: Iterable[str]) -> list[tuple[str, str]]:
    """Return where one of the texts stands, in small or capital letters, in any of the encodings."""
    wanted = {
        (needle, form.encode(encoding, "ignore"))
        for needle in needles
        for form in {needle, needle.lower(), needle.upper(), needle.casefold()}
        for encoding in ENCODINGS
        if needle
    }
    return [(name, needle) for name, content in stored for needle, sought in wanted if sought in content]


def written(cc: CommandLine, database: Database) -> Iterator[tuple[str, bytes]]:
    """Yield all that the product wrote: every file, and every column of every table that the databases have."""
    for path in sorted(cc.folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
    for engine in (database.engine, database.keyring_engine):
        yield from _columns(engine)


def _columns(engine: Engine) -> Iterator[tuple[str, bytes]]:
    names = inspect(engine).get_table_names()
    assert len(names) >= 6
    with engine.connect() as connection:
        for name in names:
            for row in connection.execute(text(f"SELECT * FROM {name}")):
                yield name, b"\0".join(_raw(value) for value in row)


def _raw(value: Any) -> bytes:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else str(value).encode()


def scan(cc: CommandLine, needles: Iterable[str], points: Iterable[str]) -> set[tuple[str, str]]:
    """Return (table, row) wherever something of the person can still be read with a key that is there."""
    with open_service(read_settings(cc.environment)) as wired, reading(wired.sessions) as session:
        return places(session, wired.keyring, needles, points)


def deliver(cc: CommandLine) -> list[bytes]:
    """Send what waits and carry it away, as a postman does: what was sent is with its reader, not here."""
    assert cc("jobs", "run", "--once")["failed"] == 0
    sent = sorted((cc.folder / "mail").iterdir()) if (cc.folder / "mail").exists() else []
    letters = [path.read_bytes() for path in sent]
    for path in sent:
        path.unlink()
    return letters


def ask(cc: CommandLine, person: Person, right: str, *more: str) -> str:
    """Take in a request and prove identity; returns its reference."""
    reference = str(cc("requests", "receive", "--right", right, "--email", person.email, *more)["reference"])
    cc("requests", "verify", reference, "--method", "email_code", "--by", FIRST)
    return reference


def live(cc: CommandLine, person: Person) -> None:
    """Let what leaves traces happen to a person: consents, a rectification."""
    for state, method in (("given", "web_form"), ("withdrawn", "portal"), ("given", "web_form")):
        cc("consent", "record", "--email", person.email, *NEWSLETTER, "--state", state, "--method", method)
    cc("requests", "execute", ask(cc, person, "rectification", "--set", f"last_name={person.new_name}"))


def hand_out_a_package(cc: CommandLine, person: Person) -> None:
    """Answer a request of access, and delete the package once it is handed out."""
    access = ask(cc, person, "access")
    cc("requests", "execute", access)
    package = Path(cc("requests", "package", access, "--out", cc.folder / "packages")["out"])
    with zipfile.ZipFile(package) as archive:
        content = archive.read("data.json")
    assert person.email.encode() in content
    package.unlink()


def erase(cc: CommandLine, person: Person) -> list[dict[str, Any]]:
    """Erase a person and return what the request lists as kept."""
    reference = ask(cc, person, "erasure")
    plan = cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"]
    cc("requests", "approve", reference, "--plan", plan, "--by", SECOND)
    done = cc("requests", "execute", reference)
    assert (done["status"], done["outcome"]) == ("closed", "partial")
    cc("requests", "certificate", reference, "--out", cc.folder / f"{reference}.certificate")
    return [item for item in done["items"] if item["outcome"] in KEPT]


def test_nothing_is_left_of_the_erased_but_what_is_listed(
    cc: CommandLine, people: list[Person], migrated_database: Database
) -> None:
    for person in people:
        live(cc, person)
    hand_out_a_package(cc, people[0])
    needles = [needle for person in people for needle in person.needles]
    assert {table for table, _ in scan(cc, needles, people[0].points)} >= HELD  # the scan can find
    deliver(cc)
    for person in people:
        kept = erase(cc, person)
        assert {item["until"] for item in kept if item["store"] == "cc_transaction"} == person.kept_until
        assert all(item["article"] for item in kept)
        letters = b"".join(deliver(cc))
        assert person.email.encode() in letters  # answers went to the person, and are not searched
        check_listed(cc, scan(cc, person.needles, person.points), kept)
    if migrated_database.kind == "sqlite":
        assert len([path for path in cc.folder.rglob("*.db-wal") if path.stat().st_size]) == 2
    stored = list(written(cc, migrated_database))
    assert occurrences(stored, needles) == []
    assert any(b"2031-12-31" in content for _, content in stored)  # columns that are not sealed were searched
    verified = cc("ledger", "verify")
    assert verified["ok"] and verified["discrepancies"] == []


def check_listed(cc: CommandLine, found: set[tuple[str, str]], kept: list[dict[str, Any]]) -> None:
    """Insist that what can be read is the archive, the proof of consent or the file of requests, and is listed."""
    tables = {table for table, _ in found}
    assert tables >= ARCHIVE  # what is kept can be found
    assert tables <= ARCHIVE | PROOF_AND_FILE
    assert tables - ARCHIVE <= {item["store"] for item in kept if item["ref"] is None}
    archived = {item["ref"] for item in kept if item["outcome"] == "archived"}
    with open_service(read_settings(cc.environment)) as wired, reading(wired.sessions) as session:
        wanted = [UUID(row) for table, row in found if table in ("cc_archived_row", "cc_log_content")]
        sources = session.scalars(select(ArchivedRow.source_id).where(ArchivedRow.id.in_(wanted)))
        assert {str(source) for source in sources} == archived
        headers = session.scalars(select(LogEvent.header).where(LogEvent.id.in_(wanted)))
        assert {json.loads(bytes(header))["type"] for header in headers} <= SPOKEN_OF_IN
