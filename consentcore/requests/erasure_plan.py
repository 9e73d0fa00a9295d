"""The plan of an erasure: for each field of each row what becomes of it and why, frozen under one hash (R-17-0)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import Keyring
from consentcore.errors import InvalidTransition
from consentcore.importing.tables import QuarantinedRow
from consentcore.ledger import canonical
from consentcore.policyset import PolicySet
from consentcore.requests.content import read_content
from consentcore.requests.erasure_grounds import (
    NO_LONGER_NEEDED,
    Circumstances,
    Ruling,
    rule_on,
    rule_on_evidence,
)
from consentcore.requests.erasure_rows import (
    HeldRow,
    contract_is_open,
    held_rows,
    keeps_its_own_term,
    personal_columns,
    proof_last_used_on,
    standing_tables,
    tables_of_persons,
)
from consentcore.requests.items import Item
from consentcore.requests.locate import Located, locate
from consentcore.requests.tables import MAX_GROUND, ItemOutcome, SubjectRequest
from consentcore.retention.tables import ArchivedRow
from consentcore.suppression.tables import SuppressionEntry

WHOLE_ROW = "*"
COMPELLING = "compelling"
"""Key of the request's content: purpose -> compelling grounds recorded against the objection (Art. 21(1))."""
_CONSENTS = "consent_proof"
_LOG = "evidence"
OF_THE_FILE = frozenset({"request", "subject", _LOG})
"""Data classes of what handling the request itself writes: it is listed even where nothing of it stands yet."""


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure will do to one person's data, as of one day and one set of policies."""

    reference: str
    subject_ref: UUID
    as_of: date
    policy_sha256: str
    items: tuple[Item, ...]

    @property
    def sha256(self) -> str:
        """The hash of the plan's canonical JSON: what a second person approves."""
        return sha256(canonical.encode(self.as_data())).hexdigest()

    def as_data(self) -> dict[str, Any]:
        """Return the plan as plain data for canonical JSON."""
        return {
            "reference": self.reference,
            "subject_ref": str(self.subject_ref),
            "as_of": self.as_of.isoformat(),
            "policy_sha256": self.policy_sha256,
            "items": [item_data(item) for item in self.items],
        }


def item_data(item: Item) -> dict[str, str]:
    """Return a verdict as plain data, what it leaves open left out."""
    found: dict[str, Any] = {
        "store": item.store,
        "ref": str(item.ref) if item.ref else None,
        "field": item.field,
        "outcome": item.outcome.value,
        "ground": item.ground,
        "article": item.article,
        "until": item.until.isoformat() if item.until else None,
        "until_event": item.until_event,
    }
    return {name: value for name, value in found.items() if value is not None}


def own_addresses(content: Mapping[str, Any]) -> list[str]:
    """Return the address that a request names its person by, normalised; none where it names a reference."""
    normalised = normalise_email(str(content.get("email") or ""))
    return [] if normalised is None else [normalised]


def compose(session: Session, keyring: Keyring, policy: PolicySet, dsr: SubjectRequest, as_of: date) -> ErasurePlan:
    """Work out the plan of an erasure; reads only (Art. 17, R-17-0, R-17-2, R-17-4).

    Units: `as_of` is a day in the controller's zone; the same day, data and policies give the same plan.
    Raises: InvalidTransition when the request names nobody; DecryptionFailed.
    """
    if dsr.subject_ref is None:
        raise InvalidTransition(f"request {dsr.reference} names nobody known here: there is nothing to erase")
    person, content = dsr.subject_ref, read_content(keyring, dsr)
    facts = Circumstances(
        policy=policy,
        today=as_of,
        contract_open=contract_is_open(session, person, as_of),
        compelling=dict(content.get(COMPELLING, {})),
    )
    located = locate(session, keyring, policy, [person], emails=own_addresses(content))
    found = [
        *_of_rows(list(held_rows(session, person)), facts),
        *_of_quarantine(located, facts),
        *_of_archive(session, person),
        *_of_evidence(session, person, facts),
        _item(SuppressionEntry.__tablename__, None, WHOLE_ROW, rule_on_evidence("suppression", None, facts)),
    ]
    ordered = sorted(found, key=lambda item: (item.store, str(item.ref or ""), item.field))
    return ErasurePlan(dsr.reference, person, as_of, policy.sha256, tuple(ordered))


def _of_rows(rows: list[HeldRow], facts: Circumstances) -> Iterator[Item]:
    rulings: dict[UUID, dict[str, Ruling]] = {}
    for row in rows:
        if row.follows is None:
            rulings[row.ref] = {name: rule_on(data, row.started_on, facts) for name, data in row.classes.items()}
            yield from _items(row.table, row.ref, rulings[row.ref])
    for row in rows:
        if row.follows is not None:
            yield from _items(row.table, row.ref, _of_follower(row, rulings.get(row.follows), facts))


def _of_follower(row: HeldRow, leader: Mapping[str, Ruling] | None, facts: Circumstances) -> dict[str, Ruling]:
    if leader is None:  # what it points at is gone already: it serves nothing
        return dict.fromkeys(row.classes, Ruling(ItemOutcome.ERASED, NO_LONGER_NEEDED))
    staying = next((ruling for ruling in leader.values() if ruling.stays), None)
    going = next((ruling for ruling in leader.values() if ruling.outcome is ItemOutcome.ERASED), None)
    ruling = staying or going or Ruling(ItemOutcome.ERASED, NO_LONGER_NEEDED)
    return dict.fromkeys(row.classes, ruling)


def _items(table: Table, ref: UUID, rulings: Mapping[str, Ruling]) -> Iterator[Item]:
    if len(set(rulings.values())) == 1:
        yield _item(table.name, ref, WHOLE_ROW, next(iter(rulings.values())))
        return
    for name, ruling in rulings.items():
        yield _item(table.name, ref, name, ruling)


def _item(store: str, ref: UUID | None, name: str, ruling: Ruling) -> Item:
    ground = ruling.ground[:MAX_GROUND] if ruling.ground else None
    # plain texts: a table's own name is one that canonical JSON does not take
    return Item(str(store), ref, str(name), ruling.outcome, ground, ruling.article, ruling.until, ruling.until_event)


def _of_quarantine(located: Located, facts: Circumstances) -> Iterator[Item]:
    """Rows set aside in an import name nobody: they were found by the person's addresses (R-17-4)."""
    for row in located.of_store(QuarantinedRow.__tablename__):
        yield _item(row.store, row.ref, WHOLE_ROW, rule_on("quarantine", None, facts))


def _of_archive(session: Session, person: UUID) -> Iterator[Item]:
    """What an earlier erasure archived stays on the ground it was archived on."""
    for row in session.scalars(select(ArchivedRow).where(ArchivedRow.subject_ref == person)):
        ground = row.legal_text[:MAX_GROUND]
        yield Item(
            row.store,
            row.source_id,
            WHOLE_ROW,
            ItemOutcome.ARCHIVED,
            ground,
            row.article,
            row.kept_until,
            row.until_event,
        )


def _of_evidence(session: Session, person: UUID, facts: Circumstances) -> Iterator[Item]:
    standing = {table.name for table in standing_tables(session, person)}
    proof_on = proof_last_used_on(session, person, facts.today)
    for table in _evidence_tables():
        data = str(personal_columns(table)["subject_ref"]["retention"])
        if table.name not in standing and data not in OF_THE_FILE:
            continue
        if data in (_CONSENTS, _LOG) and proof_on is not None:
            yield _item(table.name, None, WHOLE_ROW, rule_on_evidence(_CONSENTS, proof_on, facts))
        else:
            yield _item(table.name, None, WHOLE_ROW, rule_on_evidence(data, None, facts))


def _evidence_tables() -> Iterable[Table]:
    archive = {"cc_archived_row", "cc_archive_index"}  # listed row by row
    return [table for table in tables_of_persons() if keeps_its_own_term(table) and table.name not in archive]
