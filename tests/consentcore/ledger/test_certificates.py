"""Certificates: signed, their hash in a leaf, and the erasure of content under one of them."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select, update

from consentcore.errors import BadInput, ConfigurationError, LedgerTampered, NotFound
from consentcore.ledger.certificates import certificate, covered_by, issue
from consentcore.ledger.events import read_header
from consentcore.ledger.note import open_note
from consentcore.ledger.tables import CertificateRow, LogContent, LogEvent

from .conftest import Ledger


def test_an_issued_certificate_is_signed_stored_and_in_the_log(ledger: Ledger) -> None:
    with ledger.factory.begin() as session:
        made = issue(session, "key_destruction", {"dek": "x" * 64}, ledger.now)
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", made.number)
    title, line = open_note(made.note, [ledger.vkey]).body.split("\n", 1)
    assert title == "consentcore certificate v1"
    assert line.encode() == made.body + b"\n"
    assert json.loads(line) == {
        "body": {"dek": "x" * 64},
        "issued_at": "2026-11-09T09:00:00Z",
        "kind": "key_destruction",
        "number": made.number,
    }
    with ledger.factory() as session:
        assert certificate(session, made.number) == made
        header = read_header(session.get_one(LogEvent, made.event_id).header)
    assert header["data"] == {"certificate_sha256": made.sha256, "kind": "key_destruction"}
    assert ledger.audit().ok


def test_a_certificate_rolled_back_is_not_there(ledger: Ledger) -> None:
    with ledger.factory() as session:
        made = issue(session, "key_destruction", {}, ledger.now)
        session.rollback()
        with pytest.raises(NotFound):
            certificate(session, made.number)


def test_a_body_outside_the_profile_or_an_unbound_session_is_refused(ledger: Ledger) -> None:
    with ledger.factory() as session, pytest.raises(BadInput):
        issue(session, "key_destruction", {"x": 1.5}, ledger.now)
    with ledger.factory(info={}) as session:
        session.info.clear()
        with pytest.raises(ConfigurationError):
            issue(session, "key_destruction", {}, ledger.now)


def test_erasing_removes_payload_and_link_of_one_subject_only(ledger: Ledger) -> None:
    ids = ledger.append(6)
    with ledger.factory.begin() as session:
        made = issue(session, "erasure", {}, ledger.now, erases=ledger.subjects[0])
    with ledger.factory() as session:
        covered = covered_by(session, ledger.keyring, made.number)
        assert covered == {event_id.bytes for number, event_id in enumerate(ids) if number % 3 == 0}
        rows = {row.event_id: row for row in session.scalars(select(LogContent))}
    for number, event_id in enumerate(ids):
        row = rows[event_id]
        if number % 3 == 0:
            assert (row.payload, row.subject_ref, row.certificate) == (None, None, made.number)
        else:
            assert (row.payload is None, row.certificate) == (False, None)
            assert row.subject_ref == ledger.subjects[number % 3]
    assert ledger.audit().ok


def test_a_list_that_was_not_signed_covers_nothing(ledger: Ledger) -> None:
    ledger.append(6)
    with ledger.factory.begin() as session:
        one = issue(session, "erasure", {}, ledger.now, erases=ledger.subjects[0])
        other = issue(session, "erasure", {}, ledger.now, erases=ledger.subjects[1])
        plain = issue(session, "erasure", {}, ledger.now)
    with ledger.factory.begin() as session:
        taken = session.scalar(select(CertificateRow.erased).where(CertificateRow.number == other.number))
        session.execute(update(CertificateRow).where(CertificateRow.number == one.number).values(erased=taken))
    with ledger.factory() as session:
        for number in (one.number, plain.number):
            with pytest.raises(LedgerTampered):
                covered_by(session, ledger.keyring, number)
        with pytest.raises(NotFound):
            covered_by(session, ledger.keyring, "AAAA-AAAA")
        assert len(covered_by(session, ledger.keyring, other.number)) == 2
