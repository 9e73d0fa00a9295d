"""A customer of whom something stands in every room of the CRM; everybody here is made up."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_writing import WrittenContact, open_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crm.transaction_drafts import TransactionDraft
from consentcore.crm.transaction_writing import open_transactions
from consentcore.crypto.envelope import seal
from consentcore.crypto.fields import seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.identifiers import random_ref
from consentcore.importing.tables import QUARANTINE_FIELD, ImportRun, Provenance, QuarantinedRow
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects import disclosures
from consentcore.subjects.tables import ExternalId

EMAIL = "odile.quenneville@courriel.example"
PHONE = "+33199001234"
NAMES = ("Odile", "Quenneville")
STREET = "17 rue des Ifs"
NEEDLES = (EMAIL, PHONE, *NAMES, STREET, "Pépinière du Vallon", "CUST-4711", "demande un rappel")


@dataclass(frozen=True)
class Customer:
    """References of a customer that was opened."""

    person: UUID
    contact: UUID
    transactions: tuple[UUID, ...]


def bought(kind: str, issued_on: date, number: str = "F-1", **more: object) -> TransactionDraft:
    """A transaction billed to the customer at the customer's address."""
    texts = {
        "number": number,
        "billing_name": " ".join(NAMES),
        "billing_street": STREET,
        "billing_city": "Exempleville",
    }
    values = {"kind": kind, "issued_on": issued_on, "amount": Decimal("42.10"), "currency": "EUR", "texts": texts}
    return TransactionDraft(**{**values, **more})  # type: ignore[arg-type]


def open_customer(
    factory: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    now: datetime,
    *transactions: TransactionDraft,
    consent: bool = True,
    disclosed: bool = True,
) -> Customer:
    """Open a contact with points, employer, notes and address, transactions, a consent, and traces of an import."""
    draft = ContactDraft(
        texts={
            "first_name": NAMES[0],
            "last_name": NAMES[1],
            "street": STREET,
            "city": "Exempleville",
            "account_name": "Pépinière du Vallon",
            "notes": "Cliente fidèle, demande un rappel.",
        },
        points=(email_point(EMAIL), phone_point(PointKind.PHONE, PHONE, "FR")),
    )
    with factory.begin() as session:
        written = open_contacts(session, keyring, [draft], now)[0]
        sales = open_transactions(session, keyring, [(written, one) for one in transactions], now)
        _traces(session, keyring, written, now)
        if consent:
            choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
            evidence = Evidence("web_form", contact_point=EMAIL)
            record(session, written.subject_ref, [choice], policy, evidence, now)
        if disclosed:
            disclosures.record(
                session, [written.subject_ref], "carrier", "order_management", ["name", "address"], policy, now
            )
    return Customer(written.subject_ref, written.contact_id, tuple(one.transaction_id for one in sales))


def _traces(session: Session, keyring: Keyring, written: WrittenContact, now: datetime) -> None:
    run, aside, digest = random_ref(), random_ref(), os.urandom(16)
    session.execute(
        insert(ImportRun).values(
            id=run, source="fair", system="shop", entity="contact", mapping_sha256="0" * 64, file_sha256="0" * 64,
            obtained_on=now.date(), started_at=now,
        )
    )  # fmt: skip
    external = {
        "subject_ref": written.subject_ref, "system": "shop", "entity": "contact", "generation": 1,
        "bidx": os.urandom(16), "value": "CUST-4711", "row_id": written.contact_id,
    }  # fmt: skip
    session.execute(insert(ExternalId), seal_rows(keyring, ExternalId, [external]))
    origin = {
        "subject_ref": written.subject_ref, "row_id": written.contact_id, "import_id": run, "row_number": 1,
        "source": "fair", "source_text": None, "obtained_on": now.date(), "recorded_at": now,
    }  # fmt: skip
    session.execute(insert(Provenance), seal_rows(keyring, Provenance, [origin]))
    content = json.dumps({"header": ["name", "mail"], "cells": [NAMES[1], EMAIL.upper()]}).encode()
    session.execute(
        insert(QuarantinedRow).values(
            id=aside, import_id=run, row_number=2, kind="date", cause="a cell cannot be read", digest=digest,
            sealed_row=seal(keyring.shared_cipher(QUARANTINE_FIELD), QUARANTINE_FIELD, aside.bytes, bytes(16), content),
            recorded_at=now,
        )
    )  # fmt: skip
