"""Cut off at every named point and started again, an erasure ends exactly once (Art. 17, walk B)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.fsck import audit
from consentcore.ledger.tables import CertificateRow, LogEvent
from consentcore.policyset import LegalBasis, PolicySet
from consentcore.requests import erasure, identity, items, lifecycle
from consentcore.requests.intake import Intake
from consentcore.requests.items import KEPT
from consentcore.requests.tables import Right
from consentcore.retention.archive import read_archive
from tests.builders.customers import EMAIL, NEEDLES, bought, open_customer
from tests.builders.scan import places

FIRST, SECOND = "first@example.org", "second@example.org"
BETWEEN = {
    "erasure.oppose.objected",
    "erasure.archive.sealed",
    "erasure.rows.disposed",
    "erasure.keys.destroyed_profile",
}


class CutOff(Exception):
    """Stands for the death of the process."""


class DiesOnceEverywhere:
    """Cuts the execution off the first time that each point is reached."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, step: str) -> None:
        if step not in self.seen:
            self.seen.append(step)
            raise CutOff(step)


def approved(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    with bound.begin() as session:
        plan = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
    with bound.begin() as session:
        erasure.approve(session, dsr_id, plan.sha256, SECOND, now)


def test_cut_off_at_every_point_it_ends_exactly_once(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, take_in: Callable, now: datetime
) -> None:
    customer = open_customer(bound, keyring, policy, now, bought("invoice", date(2021, 3, 5)))
    dsr_id = take_in(Intake((Right.ERASURE,), email=EMAIL), now).request_id
    with bound.begin() as session:
        reference = lifecycle.locked(session, dsr_id).reference
        identity.verify(session, policy, reference, "email_code", FIRST, now)
    approved(bound, keyring, policy, dsr_id, now)
    at, done, cuts = DiesOnceEverywhere(), False, 0
    while not done:
        try:
            with bound.begin() as session:
                done = erasure.execute_next(session, keyring, policy, dsr_id, now, at)
        except CutOff:
            cuts += 1
            keyring.forget()
    steps = {f"erasure.{step}{end}" for step in erasure.STEPS for end in ("", ".done")}
    assert set(at.seen) == steps | BETWEEN and cuts == len(at.seen)
    with bound() as session:
        kinds = session.scalars(select(CertificateRow.kind)).all()
        headers = [bytes(header) for header in session.scalars(select(LogEvent.header))]
        assert sorted(kinds) == ["erasure", "key_destroyed"]
        interests = [one for one in policy.purposes.values() if one.basis is LegalBasis.LEGITIMATE_INTEREST]
        expected = {b"objection.recorded": len(interests)} | dict.fromkeys(
            (b"consent.ended_by_erasure", b"restriction.placed", b"recipient.told"), 1
        )
        assert {event: sum(event in header for header in headers) for event in expected} == expected
        assert len(read_archive(session, keyring, customer.person)) == 1
        assert lifecycle.done_steps(session, dsr_id) == {*erasure.STEPS, "right.erasure"}
        listed = {item.store for item in items.read(session, dsr_id) if item.outcome in KEPT}
        found = {table for table, _ in places(session, keyring, NEEDLES)}
        assert found <= listed | {"cc_archived_row"}
        assert session.scalar(select(func.count()).select_from(LogEvent)) == len(headers)
        assert audit(session, [keyring.log_signer().vkey]).ok
    assert [stone.key_class for stone in keyring.tombstones(customer.person)] == [KeyClass.PROFILE]
