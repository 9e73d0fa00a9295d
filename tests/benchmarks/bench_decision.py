"""A single decision on an open session, against the driver's own select of the same row by its primary key.

Raw is one statement on one table, prepared once, on an open connection, and builds nothing from the row. Ours says
besides whether the person is known, reads the policy, checks the expiry and returns a reasoned `Decision`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from consentcore.consent.decide import Reason, decide
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.identifiers import random_ref
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects.tables import DataSubject
from policies.loader import load
from tests.benchmarks.ground import NOW, Ground, covered, ground
from tests.benchmarks.pairing import Pair, arguments, clock_for, report

PEOPLE = 2_000
SHARE = 0.25
PURPOSE = "newsletter"
_SQL = "SELECT state, record_id, expires_at FROM cc_consent_state WHERE subject_ref = ? AND purpose = ? AND channel = ?"


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
    keys = [person.bytes for person in people]
    with made.sessions() as session, made.database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        text = _SQL if connection.dialect.paramstyle == "qmark" else _SQL.replace("?", "%s")

        def ours() -> int:
            for person in people:
                answer = decide(session, person, PURPOSE, Channel.EMAIL, policy, NOW)
                if answer.reason is not Reason.CONSENT_GIVEN:
                    raise AssertionError("the decision is wrong")
            return PEOPLE

        def raw() -> int:
            cursor = driver.cursor()
            for key in keys:
                cursor.execute(text, (key, PURPOSE, "email"))
                if cursor.fetchone()[0] != "given":
                    raise AssertionError("the row is wrong")
            cursor.close()
            return PEOPLE

        yield Pair(
            operation=f"{made.kind}: one decision, open session",
            ours=ours,
            raw=raw,
            share=SHARE,
            clock=clock_for(made.kind),
        )


def _consented(made: Ground, policy: PolicySet) -> list[UUID]:
    people = [random_ref() for _ in range(PEOPLE)]
    made.keyring.ensure(people, NOW)
    choice = Choice(PURPOSE, Channel.EMAIL, ConsentState.GIVEN, policy.notice(PURPOSE, 1, "fr"))
    with made.sessions.begin() as session:
        session.execute(insert(DataSubject), [{"subject_ref": person, "created_at": NOW} for person in people])
        for person in people:
            record(session, person, [choice], policy, Evidence("web_form"), NOW)
    return people


if __name__ == "__main__":
    sys.exit(main())
