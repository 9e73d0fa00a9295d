"""Somebody comes back while a sweep is at work: either the sweep is first, or the person stays."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from consentcore.crm.contacts import Contact
from consentcore.retention.sweep import sweep_next

EDGE = date(2023, 11, 8)


def test_who_comes_back_before_the_locks_are_taken_stays(crm: Any, database: Any, make_life: Any) -> None:
    if database.kind == "sqlite":
        pytest.skip("SQLite has one writer at a time: nobody can come back during a sweep's unit")
    (person,) = crm.live(make_life(last_contact_on=EDGE))
    swept: list[Any] = []

    def sweep() -> None:
        with crm.factory.begin() as session:
            swept.append(sweep_next(session, crm.keyring, crm.policy, crm.now))

    with crm.factory() as session:
        session.execute(update(Contact).where(Contact.subject_ref == person).values(last_contact_at=crm.now))
        other = threading.Thread(target=sweep)
        other.start()  # sees the old date, then waits for our lock
        _wait_until_blocked(crm, database.kind)
        session.commit()
    other.join(30)
    assert [one.rule for one in swept] == [None]
    assert crm.count("cc_contact", person) == 1


def _wait_until_blocked(crm: Any, kind: str) -> None:
    query = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock'",
        "mariadb": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    }[kind]
    for _ in range(60):
        with crm.factory() as watching:
            if _count(watching, query):
                return
        threading.Event().wait(0.2)  # InnoDB looks anew only where nobody looked for a tenth of a second
    pytest.fail("the sweep never waited for the lock")


def _count(session: Session, query: str) -> int:
    return int(session.scalar(text(query)) or 0)
