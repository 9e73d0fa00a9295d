"""Decisions on an open session, one and a thousand at once, against the driver's own select of the same rows.

Raw is one statement on one table by its primary key, prepared once, on an open connection, and builds nothing from the
row. Ours says besides whether the person is known, whether anything stands on the person or on one of two contact
points, whether the consent expired, and returns a reasoned `Decision`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from consentcore.bulk import insert_rows
from consentcore.consent.decide import Reason, decide, decide_many
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crypto.blindindex import IndexEntry, index_rows
from consentcore.crypto.tables import INDEX
from consentcore.identifiers import random_ref, row_id
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects.tables import DataSubject
from consentcore.suppression.entries import SuppressionReason, suppress
from policies.loader import load
from tests.benchmarks.ground import NOW, Ground, analyse, covered, ground
from tests.benchmarks.pairing import Pair, arguments, clock_for, report

PEOPLE = 2_000
AT_ONCE = 1_000
ON_THE_LIST = 200
SHARE = 0.5
PURPOSE = "newsletter"
_COLUMNS = "SELECT state, record_id, expires_at FROM cc_consent_state"
_ONE = f"{_COLUMNS} WHERE subject_ref = ? AND purpose = ? AND channel = ?"
_MANY = f"{_COLUMNS} WHERE subject_ref IN ({', '.join('?' * AT_ONCE)}) AND purpose = ? AND channel = ?"


def main() -> int:
    """Measure and report, on each kind of database."""
    rounds, holds = arguments().rounds, True
    for kind in covered():
        with ground(kind) as made:
            holds &= report(_pairs(made), rounds)
    return 0 if holds else 1


def _pairs(made: Ground) -> Iterator[Pair]:
    policy = load()
    people = _consented(made, policy)
    with made.sessions() as session, made.database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        one, many = (text.replace("?", mark) for text in (_ONE, _MANY))
        keys = [person.bytes for person in people]

        def ours() -> int:
            for person in people:
                if decide(session, person, PURPOSE, Channel.EMAIL, policy, NOW).reason is not Reason.CONSENT_GIVEN:
                    raise AssertionError("the decision is wrong")
            return PEOPLE

        def raw() -> int:
            cursor = driver.cursor()
            for key in keys:
                cursor.execute(one, (key, PURPOSE, "email"))
                if cursor.fetchone()[0] != "given":
                    raise AssertionError("the row is wrong")
            cursor.close()
            return PEOPLE

        def ours_at_once() -> int:
            answers = decide_many(session, people[:AT_ONCE], PURPOSE, Channel.EMAIL, policy, NOW)
            if sum(answer.allowed for answer in answers) != AT_ONCE:
                raise AssertionError("a decision is wrong")
            return AT_ONCE

        def raw_at_once() -> int:
            cursor = driver.cursor()
            cursor.execute(many, (*keys[:AT_ONCE], PURPOSE, "email"))
            if sum(row[0] == "given" for row in cursor.fetchall()) != AT_ONCE:
                raise AssertionError("a row is wrong")
            cursor.close()
            return AT_ONCE

        clock = clock_for(made.kind)
        yield Pair(operation=f"{made.kind}: one decision", ours=ours, raw=raw, share=SHARE, clock=clock)
        yield Pair(
            operation=f"{made.kind}: 1,000 decisions at once",
            ours=ours_at_once,
            raw=raw_at_once,
            share=SHARE,
            clock=clock,
        )


def _consented(made: Ground, policy: PolicySet) -> list[UUID]:
    people = [random_ref() for _ in range(PEOPLE)]
    made.keyring.ensure(people, NOW)
    choice = Choice(PURPOSE, Channel.EMAIL, ConsentState.GIVEN, policy.notice(PURPOSE, 1, "fr"))
    with made.sessions.begin() as session:
        session.execute(insert(DataSubject), [{"subject_ref": person, "created_at": NOW} for person in people])
        points = [IndexEntry(120, f"p{at}@example.org", row_id(), person) for at, person in enumerate(people)]
        points += [IndexEntry(121, f"+3319900{at:04}", row_id(), person) for at, person in enumerate(people)]
        insert_rows(session.connection(), INDEX, index_rows(made.keyring, points))
        for at in range(ON_THE_LIST):
            stranger = f"q{at}@example.org"
            suppress(session, made.keyring, Channel.EMAIL, stranger, "marketing", SuppressionReason.BY_HAND, NOW)
        for person in people:
            record(session, person, [choice], policy, Evidence("web_form"), NOW)
    analyse(made)
    return people


if __name__ == "__main__":
    sys.exit(main())
