"""An import as a caller makes one, for tests: text in, counts out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.contact_reading import read_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyring import Keyring
from consentcore.importing.counts import Counts
from consentcore.importing.mapping import Mapping
from consentcore.importing.quarantine_export import export, write_csv
from consentcore.importing.reader import open_source
from consentcore.importing.runs import prepare
from consentcore.importing.steps import examine_file, load_file
from consentcore.importing.tables import Provenance

FIELDS = {"first_name": "first", "last_name": "last", "email": "mail", "phone": "tel", "address.country": "country"}


def make_mapping(**changes: Any) -> Mapping:
    """A mapping of six columns, changed as a test wants."""
    stated: dict[str, Any] = {
        "entity": "contact",
        "system": "shop",
        "id_column": "id",
        "fields": FIELDS,
        "sha256": "0" * 64,
    }
    return Mapping(**(stated | changes))


def csv_text(rows: Sequence[Sequence[str]], header: Sequence[str] = ("id", *FIELDS.values())) -> str:
    """Write rows as CSV under the header of `make_mapping()`."""
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *rows])
    return stream.getvalue()


@dataclass
class Importer:
    """Imports texts as files into one database."""

    factory: sessionmaker[Session]
    keyring: Keyring
    now: datetime
    folder: Path

    def file(self, content: str | bytes) -> Path:
        path = self.folder / "import.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, content: str | bytes, its_mapping: Mapping | None = None, **settings: Any) -> Counts:
        return self._all(load_file, content, its_mapping, {"clock": lambda: self.now, **settings})[-1]

    def examine(self, content: str | bytes, its_mapping: Mapping | None = None, **settings: Any) -> Counts:
        return self._all(examine_file, content, its_mapping, settings)[-1]

    def _all(self, verb: Any, content: str | bytes, its_mapping: Mapping | None, settings: Any) -> list[Counts]:
        its_mapping = its_mapping or make_mapping()
        with open_source(self.file(content), its_mapping) as file:
            run = prepare(its_mapping, file, source=None, obtained_on=date(2026, 11, 2), region="FR")
            return [Counts(), *verb(self.factory.begin, self.keyring, run, file, **settings)]

    def contacts(self) -> list[ContactDraft]:
        """Every contact, by the row that first wrote it, then by age."""
        with self.factory() as session:
            first_row = func.min(Provenance.row_number)
            rows = select(Provenance.row_id).group_by(Provenance.row_id).order_by(first_row, Provenance.row_id)
            ids = list(session.scalars(rows))
            found = read_contacts(session, self.keyring, ids)
            return [found[one] for one in ids if one in found]

    def quarantine(self, *, unresolved_only: bool = True) -> list[dict[str, str]]:
        with self.factory() as session:
            table = export(session, self.keyring, unresolved_only=unresolved_only)
            return [dict(zip(table.header, row, strict=True)) for row in table.rows]

    def quarantine_csv(self) -> str:
        with self.factory() as session:
            stream = io.StringIO()
            write_csv(export(session, self.keyring), stream)
            return stream.getvalue()


@pytest.fixture
def importer(bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Importer:
    return Importer(bound, keyring, now, tmp_path)


@pytest.fixture
def mapping() -> Any:
    return make_mapping


@pytest.fixture
def as_csv() -> Any:
    return csv_text
