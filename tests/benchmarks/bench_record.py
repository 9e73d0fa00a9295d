"""Recording consent on SQLite, WAL, synchronous=FULL: one by one, each durable, and many at once.

One: everything that `record` does and its commit, against a durable signed append of one leaf with its sealed content
by the bare driver (that of `bench_append`): no record, no projection, no check. Many: `record_many` in one unit,
against the same rows in the same six tables by the bare driver, which makes for itself what they consist of (ids,
payload, commitments, sealed content, header, leaf hash, checkpoint, tiles) and checks nothing; it binds ids, times and
states as they are stored. 10,000 at once; with --full 100,000 (ten declarations a person).
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from consentcore.consent.bulk_recording import Declaration, record_many
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentState
from consentcore.identifiers import random_ref
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects.tables import DataSubject
from policies.loader import load
from tests.benchmarks.bench_append import ByHand, Prepared
from tests.benchmarks.ground import NOW, Ground, ground
from tests.benchmarks.pairing import Pair, arguments, report

SHARE = 0.4
SINGLES = 200
MANY = 10_000
PEOPLE = 10_000
PURPOSE = "newsletter"
STATES = (ConsentState.GIVEN, ConsentState.WITHDRAWN)
_RECORD = [
    "id",
    "subject_ref",
    "purpose",
    "purpose_version",
    "channel",
    "state",
    "at",
    "recorded_at",
    "expires_at",
    "notice_id",
    "notice_version",
    "notice_language",
    "notice_sha256",
    "policy_sha256",
    "method",
    "quality",
    "event_id",
]
_STATE = ["subject_ref", "purpose", "channel", "state", "at", "expires_at", "record_id", "quality"]
_INSERT_RECORD = f"INSERT INTO cc_consent_record ({', '.join(_RECORD)}) VALUES ({', '.join('?' * len(_RECORD))})"
_UPSERT_STATE = (
    f"INSERT INTO cc_consent_state ({', '.join(_STATE)}) VALUES ({', '.join('?' * len(_STATE))})"
    " ON CONFLICT (subject_ref, purpose, channel) DO UPDATE SET state = excluded.state, at = excluded.at,"
    " expires_at = excluded.expires_at, record_id = excluded.record_id, quality = excluded.quality"
    " WHERE excluded.at >= cc_consent_state.at"
)


class RecordsByHand(ByHand):
    """The same rows in the same tables, as somebody would write them who has no one to answer to."""

    def subjects(self, people: Sequence[uuid.UUID]) -> None:
        """Make the rows of persons."""
        rows = [(one.bytes, _stored(NOW), 0) for one in people]
        self._driver.execute("BEGIN IMMEDIATE")
        self._driver.executemany("INSERT INTO cc_subject (subject_ref, created_at, standing) VALUES (?, ?, ?)", rows)
        self._driver.execute("COMMIT")

    def record(self, people: Sequence[bytes], state: str, at: datetime, policy: PolicySet) -> None:
        """Write a declaration of each person in one transaction."""
        notice = policy.notice(PURPOSE, 1, "fr")
        ends = _stored(at.replace(year=at.year + 3)) if state == "given" else None
        when = _stored(at)
        prepared = [self.prepare(person, number) for number, person in enumerate(people)]
        records, states = [], []
        for event_id, _, person, _ in prepared:
            ident = uuid.uuid4().bytes
            kept = (PURPOSE, 1, "email", state, when, when, ends, notice.id, 1, "fr", notice.sha256, policy.sha256)
            records.append((ident, person, *kept, "web_form", 0, event_id))
            states.append((person, PURPOSE, "email", state, when, ends, ident, 0))
        self.append_with(prepared, records, states)

    def append_with(self, prepared: list[Prepared], records: list[Any], states: list[Any]) -> None:
        """Write the leaves, and the records and states in the same transaction."""
        self._driver.execute("BEGIN IMMEDIATE")
        self.write(prepared)
        self._driver.executemany(_INSERT_RECORD, records)
        self._driver.executemany(_UPSERT_STATE, states)
        self._driver.execute("COMMIT")


def main() -> int:
    """Measure and report, then hold what we wrote against the log."""
    asked = arguments()
    with ground("sqlite") as made, ground("sqlite") as other:
        policy = load()
        people = [random_ref() for _ in range(PEOPLE)]
        made.keyring.ensure(people, NOW)
        with made.sessions.begin() as session:
            session.execute(insert(DataSubject), [{"subject_ref": person, "created_at": NOW} for person in people])
        by_hand = RecordsByHand(Path(other.database.engine.url.database or ""), [one.bytes for one in people])
        try:
            by_hand.subjects(people)
            holds = report([_single(made, by_hand, people, policy)], asked.rounds)
            sizes = (MANY, 10 * MANY) if asked.full else (MANY,)
            for size in sizes:
                rounds = asked.rounds if size == MANY else 1
                holds &= report([_many(made, by_hand, people, policy, size)], rounds)
        finally:
            by_hand.close()
        _audit(made)
    return 0 if holds else 1


def _single(made: Ground, by_hand: RecordsByHand, people: Sequence[uuid.UUID], policy: PolicySet) -> Pair:
    choice = Choice(PURPOSE, Channel.EMAIL, ConsentState.GIVEN, policy.notice(PURPOSE, 1, "fr"))
    evidence = Evidence("web_form", contact_point="person@courriel.example", actor="import")

    def ours() -> int:
        for person in people[:SINGLES]:
            with made.sessions.begin() as session:
                record(session, person, [choice], policy, evidence, NOW)
        return SINGLES

    def raw() -> int:
        for number, person in enumerate(people[:SINGLES]):
            by_hand.append([by_hand.prepare(person.bytes, number)])
        return SINGLES

    return Pair(operation="one durable consent / raw durable append", ours=ours, raw=raw, share=SHARE)


def _many(made: Ground, by_hand: RecordsByHand, people: Sequence[uuid.UUID], policy: PolicySet, size: int) -> Pair:
    notice = policy.notice(PURPOSE, 1, "fr")
    evidence = Evidence("web_form", actor="import")
    owners = [people[number % PEOPLE] for number in range(size)]
    keys = [one.bytes for one in owners]
    our_turns, raw_turns = count(), count()

    def ours() -> int:
        turn = next(our_turns)
        choice = Choice(PURPOSE, Channel.EMAIL, STATES[turn % 2], notice)
        said = [Declaration(one, choice, f"person.{at}@courriel.example") for at, one in enumerate(owners)]
        with made.sessions.begin() as session:
            record_many(session, said, policy, evidence, NOW)
        return size

    def raw() -> int:
        by_hand.record(keys, STATES[next(raw_turns) % 2].value, NOW, policy)
        return size

    return Pair(operation=f"{size:,} consents at once", ours=ours, raw=raw, share=SHARE)


def _stored(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _audit(made: Ground) -> None:
    with made.sessions() as session:
        for wrong in compare(session, made.keyring):
            raise AssertionError(f"{wrong.where} {wrong.what}")
    print("every record was held against its leaf and its sealed content, and the states against the records")


if __name__ == "__main__":
    sys.exit(main())
