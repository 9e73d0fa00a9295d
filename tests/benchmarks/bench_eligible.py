"""Who may be reached of all contacts, against the bare join of contacts with their consent, ids out.

Raw is the driver's own join of the two tables, every row fetched. Ours finds besides who is marked or listed, decides
for those one by one, and counts everybody else by the reason why not. Rows are written straight into the tables, as
nothing else about them is measured.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from consentcore.bulk import insert_rows
from consentcore.consent.decide import eligible
from consentcore.consent.tables import ConsentStateRow
from consentcore.crm.contacts import Contact
from consentcore.policyset import Channel
from consentcore.subjects import restrictions
from consentcore.subjects.tables import DataSubject
from policies.loader import load
from tests.benchmarks.ground import NOW, Ground, analyse, covered, ground
from tests.benchmarks.pairing import Pair, arguments, clock_for, report

SHORT, FULL = 100_000, 1_000_000
BATCH = 10_000
RESTRICTED = 50
SHARE = 0.8
PURPOSE = "newsletter"
_JOIN = (
    "SELECT c.id FROM cc_contact c JOIN cc_consent_state s ON s.subject_ref = c.subject_ref"
    " WHERE s.purpose = ? AND s.channel = ? AND s.state = 'given'"
)
_STATES = ("given",) * 7 + ("withdrawn", "refused", None)


def main() -> int:
    """Measure and report, on each kind of database."""
    given, holds = arguments(), True
    for kind in covered():
        with ground(kind) as made:
            holds &= report(_pairs(made, FULL if given.full else SHORT), given.rounds)
    return 0 if holds else 1


def _pairs(made: Ground, number: int) -> Iterator[Pair]:
    policy = load()
    _fill(made, number)
    with made.sessions() as session, made.database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        text = _JOIN if connection.dialect.paramstyle == "qmark" else _JOIN.replace("?", "%s")

        def ours() -> int:
            found = eligible(session, PURPOSE, Channel.EMAIL, policy, NOW)
            if len(found) + sum(found.excluded.values()) != number:
                raise AssertionError("somebody was counted twice or not at all")
            return number

        def raw() -> int:
            cursor = driver.cursor()
            cursor.execute(text, (PURPOSE, "email"))
            if not cursor.fetchall():
                raise AssertionError("nobody was found")
            cursor.close()
            return number

        yield Pair(
            operation=f"{made.kind}: eligible of {number:,} contacts, the others counted by reason",
            ours=ours,
            raw=raw,
            share=SHARE,
            clock=clock_for(made.kind),
        )


def _fill(made: Ground, number: int) -> None:
    chance = random.Random(7)  # noqa: S311 - made-up rows
    some: list[UUID] = []
    for start in range(0, number, BATCH):
        people = [UUID(int=chance.getrandbits(128)) for _ in range(min(BATCH, number - start))]
        some += people[:1]
        with made.sessions.begin() as session:
            connection = session.connection()
            subjects = [{"subject_ref": person, "created_at": NOW} for person in people]
            insert_rows(connection, DataSubject.__table__, subjects)  # type: ignore[arg-type]
            insert_rows(connection, Contact.__table__, [_contact(chance, one) for one in people])  # type: ignore[arg-type]
            states = [_state(chance, person) for person in people]
            insert_rows(connection, ConsentStateRow.__table__, [one for one in states if one])  # type: ignore[arg-type]
    with made.sessions.begin() as session:
        made.keyring.ensure(some[:RESTRICTED], NOW)
        for person in some[:RESTRICTED]:
            restrictions.place(session, person, restrictions.Ground.LEGAL_CLAIMS, NOW)
    analyse(made)


def _contact(chance: random.Random, person: UUID) -> dict[str, Any]:
    contact_id = UUID(int=chance.getrandbits(128))
    return {"id": contact_id, "subject_ref": person, "capacity": "consumer", "created_at": NOW}


def _state(chance: random.Random, person: UUID) -> dict[str, Any] | None:
    state = chance.choice(_STATES)
    if state is None:
        return None
    return {
        "subject_ref": person,
        "purpose": PURPOSE,
        "channel": "email",
        "state": state,
        "at": NOW,
        "expires_at": None,
        "record_id": UUID(int=chance.getrandbits(128)),
        "quality": 0,
    }


if __name__ == "__main__":
    sys.exit(main())
