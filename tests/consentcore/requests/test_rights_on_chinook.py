"""The four rights on real data: what is handed out, what is changed, what goes and what a search still finds."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.contacts import EMAIL_INDEX, Contact
from consentcore.crm.transactions import Transaction
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring
from consentcore.importing.reader import open_source
from consentcore.importing.runs import prepare
from consentcore.importing.steps import load_file
from consentcore.policyset import PolicySet
from consentcore.requests import access, erasure, identity, items, portability, rectification
from consentcore.requests.closing import overall_outcome
from consentcore.requests.intake import Intake
from consentcore.requests.items import KEPT
from consentcore.requests.tables import Outcome, Right
from consentcore.retention.archive import read_archive
from consentcore.subjects.matching import find_subjects
from policies.mapping_file import read_mapping
from tests.builders.databases import Database
from tests.builders.scan import places

FIRST, SECOND = "first@example.org", "second@example.org"
People = dict[str, dict[str, str]]
Asked = Callable[..., UUID]


@pytest.fixture
def chinook(data_dir: Path) -> Path:
    return data_dir / "chinook"


@pytest.fixture
def people(bound: sessionmaker[Session], keyring: Keyring, chinook: Path, now: datetime) -> People:
    for name, mapping_name in (("customer", "contacts"), ("invoice", "invoices")):
        mapping = read_mapping(chinook / f"{mapping_name}.mapping.yaml")
        with open_source(chinook / f"{name}.csv", mapping) as file:
            run = prepare(mapping, file, source=None, obtained_on=date(2026, 11, 2), region="FR")
            list(load_file(bound.begin, keyring, run, file, clock=lambda: now))
    with (chinook / "customer.csv").open(encoding="utf-8") as stream:
        return {row["customer_id"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def asked(bound: sessionmaker[Session], policy: PolicySet, people: People, take_in: Callable, now: datetime) -> Asked:
    def ask(customer: str, right: Right, **changes: str) -> UUID:
        reference = take_in(Intake((right,), email=people[customer]["email"], changes=changes), now).reference
        with bound.begin() as session:
            return identity.verify(session, policy, reference, "email_code", FIRST, now).id

    return ask


def test_three_rights_of_three_customers(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: People, asked: Asked, now: datetime
) -> None:
    second, third, fourth = (people[number] for number in "234")
    seen, taken = asked("2", Right.ACCESS), asked("3", Right.PORTABILITY)
    changed = asked("4", Right.RECTIFICATION, last_name="Nygård")
    with bound.begin() as session:
        copy = access.collect(session, keyring, policy, seen, now)
        along = portability.collect(session, keyring, policy, taken, now)
        rectification.execute(session, keyring, policy, changed, now)
    values = {item.value for item in copy.items}
    assert {second["email"], second["last_name"], second["address"]} <= values
    assert not [one for one in people.values() if one is not second and one["email"] in values]
    assert sum(item.field == "number" for item in copy.items) == 7
    assert {third["email"], third["last_name"]} <= {item.value for item in along.items}
    assert "cc_transaction" not in {item.store for item in along.items}  # invoices are kept for the law's sake
    with bound() as session:
        (person,) = find_subjects(session, keyring, EMAIL_INDEX, str(normalise_email(fourth["email"])))
        (contact,) = session.scalars(select(Contact).where(Contact.subject_ref == person)).all()
        assert reveal(keyring, [contact], Contact.last_name, Contact.first_name) == [("Nygård", fourth["first_name"])]


def test_an_erased_customer_is_found_in_listed_items_only(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: People,
    asked: Asked, now: datetime,
) -> None:  # fmt: skip
    her = people["2"]
    needles = [her["email"], her["phone"], her["address"], her["last_name"]]
    point = str(normalise_email(her["email"]))
    dsr_id = asked("2", Right.ERASURE)
    with bound() as session:
        (person,) = find_subjects(session, keyring, EMAIL_INDEX, point)
        before = {table for table, _ in places(session, keyring, needles, [point])}
    assert before >= {"cc_contact", "cc_contact_point", "cc_transaction", "cc_blind_index", "cc_request"}
    with bound.begin() as session:
        plan = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
    with bound.begin() as session:
        erasure.approve(session, dsr_id, plan.sha256, SECOND, now)
    done = False
    while not done:
        with bound.begin() as session:
            done = erasure.execute_next(session, keyring, policy, dsr_id, now)
    with bound() as session:
        verdicts = items.read(session, dsr_id)
        found = places(session, keyring, needles, [point])
        archive = read_archive(session, keyring, person)
        left = session.scalar(select(func.count()).select_from(Contact))
        sold = session.scalar(select(func.count()).select_from(Transaction))
    kept = {item.store for item in verdicts if item.outcome in KEPT and item.ref is None}
    assert {table for table, _ in found} <= kept | {"cc_archived_row", "cc_archive_index"}
    assert {ref for table, ref in found if table.startswith("cc_archive")} == {str(row.id) for row in archive}
    invoices = [item for item in verdicts if item.store == "cc_transaction"]
    assert len(invoices) == len(archive) == 7 and (left, sold) == (58, 405)
    assert date(2031, 12, 31) in {item.until for item in invoices}
    assert {row.fields["billing_name"] for row in archive} == {"Leonie Köhler"}
    assert overall_outcome(verdicts) is Outcome.PARTIAL
    if database.kind == "sqlite":
        files = [path for path in Path(database.engine.url.database or "").parent.iterdir() if path.is_file()]
        assert len(files) >= 2
        stored = b"".join(path.read_bytes() for path in files)
        assert not [needle for needle in needles if needle.encode() in stored]
