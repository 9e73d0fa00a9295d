"""One Idempotency-Key, one effect: repeated, raced, reused, failed, abandoned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.tables import ConsentRecord
from consentcore.crypto.keyring import Keyring
from web.api import consents
from web.security import idempotency
from web.security.apikeys import ALL_SCOPES, Caller, NewKey, Scope
from web.security.idempotency import KEPT, LEASE, Answer, KeyUsedForAnother, StillRunning
from web.security.tables import IdempotencyRow

KEY = "0c9d1c0e-7b4e-4f4e-9d7e-1"
PATH = "/api/v1/consents"
TYPE = "urn:consentcore:problem:"


def count(bound: sessionmaker[Session], model: Any = ConsentRecord) -> int:
    with bound() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_repeated_request_is_done_once_and_answered_the_same(
    machine: Any, bound: sessionmaker[Session], camille: UUID, consent: dict[str, Any]
) -> None:
    first = machine.post(PATH, consent, key=KEY)
    again = machine.post(PATH, consent, key=KEY)
    quoted = machine.post(PATH, consent, key=f'"{KEY}"')
    assert first.status_code == again.status_code == quoted.status_code == 201
    assert first.json == again.json == quoted.json
    assert first.headers["Location"] == again.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert count(bound) == 1


def test_another_body_or_another_place_under_the_same_key_is_refused(
    machine: Any, bound: sessionmaker[Session], camille: UUID, consent: dict[str, Any]
) -> None:
    machine.post(PATH, consent, key=KEY)
    for path, body in (
        (PATH, consent | {"state": "withdrawn"}),
        ("/api/v1/requests", {"rights": ["access"], "email": "a@b.example"}),
    ):
        refused = machine.post(path, body, key=KEY)
        assert (refused.status_code, refused.json["type"]) == (422, TYPE + "idempotency_key_reused")
    assert count(bound) == 1


def test_two_machines_may_choose_the_same_key(
    machine: Any,
    key_for: Callable[[Collection[Scope]], NewKey],
    bound: sessionmaker[Session],
    camille: UUID,
    consent: dict[str, Any],
) -> None:
    first = machine.post(PATH, consent, key=KEY)
    second = replace(machine, token=key_for(ALL_SCOPES).token).post(PATH, consent | {"state": "refused"}, key=KEY)
    assert second.status_code == 201 and first.json != second.json
    assert count(bound) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", ["", "x" * 129, "with space in it", "ünïcode-key", '"unbalanced-key'])
def test_a_write_wants_a_usable_key(machine: Any, bound: Any, camille: UUID, consent: dict[str, Any], key: str) -> None:
    answer = machine.post(PATH, consent, Idempotency_Key=key)
    assert (answer.status_code, answer.json["type"]) == (400, TYPE + "malformed_request")
    assert "Idempotency-Key" in answer.json["detail"]
    assert count(bound) == 0


def test_a_failed_request_leaves_its_key_free(
    machine: Any, bound: sessionmaker[Session], keyring: Keyring, camille: UUID, consent: dict[str, Any]
) -> None:
    broken = OperationalError("INSERT", {}, Exception("camille@courriel.example"))
    with mock.patch.object(consents, "record_choices", side_effect=broken):
        failed = machine.post(PATH, consent, key=KEY)
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "1")
    assert count(bound, IdempotencyRow) == 0
    assert machine.post(PATH, consent, key=KEY).status_code == 201


def test_a_request_that_still_runs_is_a_conflict_until_its_holder_is_given_up(
    machine: Any, bound: sessionmaker[Session], keyring: Keyring, camille: UUID, now: datetime
) -> None:
    caller = Caller("abcdefghijkm", ALL_SCOPES, b"s" * 43)
    first, second = (idempotency.ticket(caller, KEY, "POST", PATH, b"{}") for _ in range(2))
    answer = Answer(201, "/there", {"record_id": "1"})
    with bound.begin() as session:
        assert idempotency.claim(session, keyring, first, now) is None
    with bound.begin() as session, pytest.raises(StillRunning):
        idempotency.claim(session, keyring, second, now + LEASE - timedelta(seconds=1))
    with bound.begin() as session:  # the first one's process died: another attempt takes its place
        assert idempotency.claim(session, keyring, second, now + LEASE) is None
    with bound.begin() as session:
        idempotency.keep(session, keyring, second, answer)
    with bound() as session, pytest.raises(StillRunning):  # and if it was only asleep, its unit fails
        idempotency.keep(session, keyring, first, answer)
    with bound.begin() as session:
        idempotency.release(session, first)
        assert idempotency.claim(session, keyring, first, now + LEASE) == answer
    other = idempotency.ticket(caller, KEY, "POST", PATH, b"{ }")
    with bound() as session, pytest.raises(KeyUsedForAnother):
        idempotency.claim(session, keyring, other, now)


def test_answers_go_after_a_day(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    caller = Caller("abcdefghijkm", ALL_SCOPES, b"s" * 43)
    for number in range(25):
        with bound.begin() as session:
            mine = idempotency.ticket(caller, f"{KEY}{number}", "POST", PATH, b"{}")
            idempotency.claim(session, keyring, mine, now)
            idempotency.keep(session, keyring, mine, Answer(201, "/", {}))
    for number in range(2):
        with bound.begin() as session:
            later = idempotency.ticket(caller, f"later{number}", "POST", PATH, b"{}")
            idempotency.claim(session, keyring, later, now + KEPT + timedelta(seconds=1))
    assert count(bound, IdempotencyRow) == 2


def test_of_many_at_once_one_does_the_work(
    app: Any, machine: Any, bound: sessionmaker[Session], camille: UUID, consent: dict[str, Any]
) -> None:
    answers: list[Any] = []
    start = threading.Barrier(4)

    def one() -> None:
        mine = replace(machine, client=app.test_client())
        start.wait()
        answers.append(mine.post(PATH, consent, key=KEY))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json["record_id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1 and count(bound) == 1


def test_what_is_stored_says_nothing_to_whoever_reads_it(
    machine: Any, bound: sessionmaker[Session], camille: UUID, consent: dict[str, Any]
) -> None:
    made = machine.post(PATH, consent, key="camille.deschamps")
    with bound() as session:
        stored = repr(session.execute(text("SELECT * FROM cc_idempotency")).all())
        row = session.scalars(select(IdempotencyRow)).one()
        stored += repr(row.response)
    for told in ("camille", made.json["record_id"], "consents"):
        assert told not in stored


def test_a_commit_that_succeeded_unseen_is_answered_on_repetition(
    machine: Any, bound: sessionmaker[Session], camille: UUID, consent: dict[str, Any]
) -> None:
    commit = Session.commit
    done: list[int] = []

    def lost(session: Session) -> None:
        commit(session)
        done.append(1)
        if len(done) == 2:  # the claim was the first, the work is the second
            raise OperationalError("COMMIT", {}, Exception("connection lost"))

    with mock.patch.object(Session, "commit", lost):
        assert machine.post(PATH, consent, key=KEY).status_code == 503
    again = machine.post(PATH, consent, key=KEY)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert count(bound) == 1
