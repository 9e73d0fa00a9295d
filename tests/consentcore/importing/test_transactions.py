from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from consentcore.crm.contacts import Contact, ContactPoint
from consentcore.crm.transaction_drafts import TransactionDraft
from consentcore.crm.transaction_reading import read_transactions
from consentcore.crm.transactions import Transaction
from consentcore.crypto.keyclasses import KeyClass
from consentcore.importing.counts import Counts
from consentcore.importing.tables import Provenance
from consentcore.subjects.tables import ExternalId
from policies.mapping_file import read_mapping

PEOPLE = [
    ["1", "Zoé", "Lefèvre", "zoe@exemple.example", "", "France"],
    ["2", "Jan", "Novák", "jan@priklad.example", "", "Czechia"],
]
FIELDS = {
    "contact.external_id": "who",
    "kind": "kind",
    "number": "nr",
    "issued_on": "day",
    "amount": "total",
    "currency": "cur",
    "billing_name": "to",
    "billing_address.city": "city",
}
HEADER = ("id", *FIELDS.values())
SALES = [
    ["a", "1", "invoice", "N1", "2021-03-05", "12.50", "eur", "", "Lyon"],
    ["b", "2", "Order", "N2", "2021-03-06", "-3", "EUR", "Novák & Co", ""],
]


@pytest.fixture
def sales(mapping: Any) -> Any:
    def made(**changes: Any) -> Any:
        return mapping(**({"entity": "transaction", "fields": FIELDS} | changes))

    return made


def kept(importer: Any) -> dict[str, TransactionDraft]:
    with importer.factory() as session:
        ids = session.scalars(select(Transaction.id)).all()
        found = read_transactions(session, importer.keyring, ids)
        return {one.draft.texts["number"]: one.draft for one in found.values()}


def test_rows_become_transactions_of_their_contacts(importer: Any, as_csv: Any, sales: Any) -> None:
    importer.load(as_csv(PEOPLE))
    assert importer.load(as_csv(SALES, HEADER), sales()) == Counts(rows=2, created=2)
    assert kept(importer) == {
        "N1": TransactionDraft(
            kind="invoice",
            issued_on=date(2021, 3, 5),
            amount=Decimal("12.50"),
            currency="EUR",
            status="closed",
            texts={"number": "N1", "billing_name": "Zoé Lefèvre", "billing_city": "Lyon"},
        ),
        "N2": TransactionDraft(
            kind="order",
            issued_on=date(2021, 3, 6),
            amount=Decimal("-3.00"),
            currency="EUR",
            status="open",
            texts={"number": "N2", "billing_name": "Novák & Co"},
        ),
    }
    with importer.factory() as session:
        rows = session.execute(select(Transaction.id, Transaction.subject_ref, Transaction.contact_id)).all()
        owners = {row.id: row.subject_ref for row in session.execute(select(Contact.id, Contact.subject_ref))}
        assert all(owners[contact_id] == subject_ref for _, subject_ref, contact_id in rows)
        assert {row[0] for row in rows} <= set(session.scalars(select(Provenance.row_id)))
        named = select(ExternalId.row_id).where(ExternalId.entity == "transaction")
        assert {row[0] for row in rows} == set(session.scalars(named))


def test_the_same_file_again_is_all_duplicates_and_a_changed_amount_an_update(
    importer: Any, as_csv: Any, sales: Any
) -> None:
    importer.load(as_csv(PEOPLE))
    importer.load(as_csv(SALES, HEADER), sales())
    respelled = [SALES[0], [*SALES[1][:5], "-3.00", "eur", *SALES[1][7:]]]
    assert importer.load(as_csv(respelled, HEADER), sales()) == Counts(rows=2, duplicates=2)
    dearer = [[*SALES[0][:5], "13", *SALES[0][6:]], SALES[1]]
    assert importer.examine(as_csv(dearer, HEADER), sales()) == Counts(rows=2, updated=1, duplicates=1)
    assert importer.load(as_csv(dearer, HEADER), sales()) == Counts(rows=2, updated=1, duplicates=1)
    assert kept(importer)["N1"].amount == 13
    assert kept(importer)["N1"].texts["billing_name"] == "Zoé Lefèvre"


def test_a_name_once_copied_stays_when_the_contact_takes_another(importer: Any, as_csv: Any, sales: Any) -> None:
    importer.load(as_csv(PEOPLE))
    importer.load(as_csv(SALES, HEADER), sales())
    importer.load(as_csv([["1", "Zoé", "Martin", *PEOPLE[0][3:]]]))
    assert importer.load(as_csv(SALES, HEADER), sales()) == Counts(rows=2, duplicates=2)
    moved = [[*SALES[0][:8], "Metz"]]
    assert importer.load(as_csv(moved, HEADER), sales()) == Counts(rows=1, updated=1)
    assert kept(importer)["N1"].texts == {"number": "N1", "billing_name": "Zoé Lefèvre", "billing_city": "Metz"}
    named = [[*SALES[0][:7], "Zoé Martin", "Metz"]]
    assert importer.load(as_csv(named, HEADER), sales()) == Counts(rows=1, updated=1)
    assert kept(importer)["N1"].texts["billing_name"] == "Zoé Martin"


def test_a_status_that_no_column_speaks_for_is_kept(importer: Any, as_csv: Any, sales: Any) -> None:
    importer.load(as_csv(PEOPLE))
    importer.load(as_csv(SALES, HEADER), sales())
    closed = sales(constants={"status": "CLOSED"})
    assert importer.load(as_csv(SALES, HEADER), closed) == Counts(rows=2, updated=1, duplicates=1)
    assert importer.load(as_csv(SALES, HEADER), sales()) == Counts(rows=2, duplicates=2)
    assert kept(importer)["N2"].status == "closed"


def test_a_transaction_of_nobody_waits_until_its_contact_is_here(importer: Any, as_csv: Any, sales: Any) -> None:
    assert importer.load(as_csv(SALES, HEADER), sales()) == Counts(rows=2, quarantined=2)
    assert [row["consentcore_cause"] for row in importer.quarantine()] == [
        "column 'who': names no contact of shop that is here; import the contacts first"
    ] * 2
    importer.load(as_csv(PEOPLE))
    assert importer.load(importer.quarantine_csv(), sales()) == Counts(rows=2, created=2)
    assert importer.quarantine() == []


def test_the_contact_is_sought_in_the_same_system_only(importer: Any, as_csv: Any, sales: Any) -> None:
    importer.load(as_csv(PEOPLE))
    assert importer.load(as_csv(SALES, HEADER), sales(system="till")).quarantined == 2


def test_a_transaction_does_not_go_over_to_another_person(importer: Any, as_csv: Any, sales: Any) -> None:
    importer.load(as_csv(PEOPLE))
    importer.load(as_csv(SALES, HEADER), sales())
    stolen = [["a", "2", *SALES[0][2:]]]
    assert importer.load(as_csv(stolen, HEADER), sales()) == Counts(rows=1, quarantined=1)
    assert kept(importer)["N1"].texts["billing_name"] == "Zoé Lefèvre"


@pytest.mark.parametrize("gone", ["key", "row"])
def test_nothing_is_written_for_a_person_who_was_erased(importer: Any, as_csv: Any, sales: Any, gone: str) -> None:
    importer.load(as_csv(PEOPLE))
    with importer.factory.begin() as session:
        first = select(Provenance.row_id, Provenance.subject_ref).order_by(Provenance.row_number).limit(1)
        contact_id, subject_ref = session.execute(first).one()
        if gone == "row":
            session.execute(delete(ContactPoint).where(ContactPoint.contact_id == contact_id))
            session.execute(delete(Contact).where(Contact.id == contact_id))
    if gone == "key":
        importer.keyring.destroy_key(subject_ref, KeyClass.PROFILE, importer.now)
    assert importer.examine(as_csv(SALES, HEADER), sales()) == Counts(rows=2, created=1, quarantined=1)
    assert importer.load(as_csv(SALES, HEADER), sales()) == Counts(rows=2, created=1, quarantined=1)
    assert "erased" in importer.quarantine()[0]["consentcore_cause"]


def test_one_flat_file_sets_a_bad_row_aside_for_each_entity(
    importer: Any, as_csv: Any, sales: Any, mapping: Any
) -> None:
    flat = as_csv([["", *SALES[0][1:]]], HEADER)
    importer.load(flat, sales())
    importer.load(flat, mapping(fields={"first_name": "to"}))
    assert len(importer.quarantine()) == 2, "the row is lost to neither"


FAULTS = [
    ({"who": ""}, "'who': the external id is missing"),
    ({"kind": ""}, "'kind': is empty"),
    ({"kind": "SECRET"}, "'kind': the kind of transaction must be one of invoice, order, return, subscription"),
    ({"day": ""}, "'day': is empty"),
    ({"day": "05/03/2021"}, "'day': this is not a date of ISO 8601"),
    ({"total": ""}, "'total': is empty"),
    ({"total": "SECRET"}, "'total': this is not an amount with a decimal point"),
    ({"total": "1,234"}, "'total': this is not an amount"),
    ({"total": "1.234,00"}, "'total': this is not an amount"),
    ({"total": "1e3"}, "'total': this is not an amount"),
    ({"total": "NaN"}, "'total': this is not an amount"),
    ({"total": "٣"}, "'total': this is not an amount"),
    ({"total": "9" * 41}, "'total': this is not an amount"),
    ({"total": "1.005"}, "'total': has more than two decimals"),
    ({"total": "1000000000000"}, "'total': is larger than 999999999999.99"),
    ({"cur": ""}, "'cur': is empty"),
    ({"cur": "€"}, "'cur': this is no currency code"),
    ({"nr": "SECRET" * 100}, "'nr': has 600 characters; at most 255 are kept"),
]


def test_a_faulty_row_is_set_aside_by_column_and_cause_without_its_value(
    importer: Any, as_csv: Any, sales: Any
) -> None:
    importer.load(as_csv(PEOPLE))
    good = dict(zip(HEADER, SALES[0], strict=True))
    rows = [[*(good | cells | {"id": str(at)}).values()] for at, (cells, _) in enumerate(FAULTS)]
    assert importer.load(as_csv(rows, HEADER), sales()) == Counts(rows=len(FAULTS), quarantined=len(FAULTS))
    causes = [row["consentcore_cause"] for row in importer.quarantine()]
    for (_, said), cause in zip(FAULTS, causes, strict=True):
        assert said in cause
        assert "SECRET" not in cause


@pytest.mark.parametrize(
    ("decimal", "text", "amount"),
    [
        (".", "1234.5", "1234.50"),
        (".", "+1,234,567.80", "1234567.80"),
        (".", "1 234.500", "1234.50"),
        (".", "-0.00", "0.00"),
        (",", "1234,5", "1234.50"),
        (",", "1.234,56", "1234.56"),
        (",", "-1\u202f234\u202f567,89", "-1234567.89"),
        (",", "1'234", "1234.00"),
        (",", "0001", "1.00"),
    ],
)
def test_amounts_are_read_with_the_decimal_mark_of_the_mapping(
    importer: Any, as_csv: Any, sales: Any, decimal: str, text: str, amount: str
) -> None:
    importer.load(as_csv(PEOPLE))
    importer.load(as_csv([[*SALES[0][:5], text, *SALES[0][6:]]], HEADER), sales(decimal=decimal))
    assert str(kept(importer)["N1"].amount) == amount


def test_the_412_invoices_of_the_real_crm(importer: Any, data_dir: Path) -> None:
    chinook = data_dir / "chinook"
    its_mapping = read_mapping(chinook / "invoices.mapping.yaml")
    content = (chinook / "invoice.csv").read_bytes()
    importer.load((chinook / "customer.csv").read_bytes(), read_mapping(chinook / "contacts.mapping.yaml"))
    assert importer.examine(content, its_mapping) == Counts(rows=412, created=412)
    assert importer.load(content, its_mapping) == Counts(rows=412, created=412)
    assert importer.load(content, its_mapping) == Counts(rows=412, duplicates=412)
    dearer = content.replace(b"70174,1.98", b"70174,2.98", 1)
    assert importer.load(dearer, its_mapping) == Counts(rows=412, updated=1, duplicates=411)
    first = kept(importer)["1"]
    assert (first.kind, first.issued_on, first.amount, first.currency) == (
        "invoice", date(2021, 1, 1), Decimal("2.98"), "USD",
    )  # fmt: skip
    assert first.texts == {
        "number": "1",
        "billing_name": "Leonie Köhler",
        "billing_street": "Theodor-Heuss-Straße 34",
        "billing_city": "Stuttgart",
        "billing_postal_code": "70174",
        "billing_country": "Germany",
    }
