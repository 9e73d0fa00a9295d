"""The engine that removes rows: everything of the one, nothing of the other, evidence left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, select
from sqlalchemy.exc import IntegrityError

from consentcore.columns import Category, Erasure, Ref, personal
from consentcore.crm.transaction_writing import TRANSACTIONS
from consentcore.db import Base
from consentcore.errors import BadInput
from consentcore.retention.disposal import CONTACT_CLASSES, disposable_tables, dispose, dispose_rows, of_classes
from tests.builders.models import load_models

ACTIVE = ["cc_contact", "cc_contact_point", "cc_blind_index", "cc_transaction"]
STAYING = ["cc_subject", "cc_consent_record", "cc_consent_state", "cc_log_content", "cc_archived_row"]
ALL = of_classes(*CONTACT_CLASSES)


def _life(make_life: Any, make_deal: Any, **changes: Any) -> Any:
    deals = (make_deal("invoice", date(2025, 1, 1)), make_deal("order", date(2025, 1, 1)))
    stated = {"deals": deals, "consent_on": date(2026, 1, 1), "archived_until": (date(2031, 12, 31),)}
    return make_life(**(stated | changes))


def test_one_person_goes_and_the_other_stays(crm: Any, make_life: Any, make_deal: Any) -> None:
    one, other = crm.live(_life(make_life, make_deal), _life(make_life, make_deal))
    before = {name: crm.count(name, other) for name in ACTIVE + STAYING}
    assert all(before.values())
    with crm.factory.begin() as session:
        assert dispose(session, one, ALL) == {
            "cc_contact": 1,
            "cc_contact_point": 1,
            "cc_blind_index": 1,
            "cc_transaction": 2,
        }
        assert dispose(session, one, ALL) == {}
    assert [crm.count(name, one) for name in ACTIVE] == [0] * len(ACTIVE)
    assert {name: crm.count(name, one) for name in STAYING} == {name: before[name] for name in STAYING}
    assert {name: crm.count(name, other) for name in ACTIVE + STAYING} == before


def test_an_account_goes_with_its_last_contact(crm: Any, make_life: Any) -> None:
    first, last, _ = crm.live(make_life(account="Jardins SA"), make_life(account="JARDINS sa"), make_life(account="B"))
    assert crm.count("cc_account") == 2
    with crm.factory.begin() as session:
        assert "cc_account" not in dispose(session, first, ALL)
        assert dispose(session, last, ALL)["cc_account"] == 1
    assert crm.count("cc_account") == 1


def test_what_stays_holds_back_what_it_refers_to(crm: Any, make_life: Any, make_deal: Any) -> None:
    (person,) = crm.live(_life(make_life, make_deal))
    with crm.factory() as session, pytest.raises(IntegrityError):
        dispose(session, person, of_classes("contact", "blind_index"))
    assert crm.count("cc_contact", person) == 1


def test_tables_may_be_named_and_unknown_ones_are_refused(crm: Any, make_life: Any, make_deal: Any) -> None:
    (person,) = crm.live(_life(make_life, make_deal))
    with crm.factory.begin() as session:
        assert dispose(session, [person], ["cc_consent_state", "cc_blind_index"]) == {
            "cc_consent_state": 1,
            "cc_blind_index": 1,
        }
        for name in ("cc_nothing", "cc_account"):
            with pytest.raises(BadInput):
                dispose(session, person, [name])


def test_single_rows_take_their_followers_along(crm: Any, make_life: Any, make_deal: Any) -> None:
    (person,) = crm.live(_life(make_life, make_deal))
    with crm.factory.begin() as session:
        ids = session.scalars(select(TRANSACTIONS.c.id).where(TRANSACTIONS.c.kind == "order")).all()
        assert dispose_rows(session, TRANSACTIONS, ids) == {"cc_transaction": 1}
        assert dispose_rows(session, TRANSACTIONS, ids) == {}
        point = Base.metadata.tables["cc_contact_point"]
        points = session.scalars(select(point.c.id)).all()
        assert dispose_rows(session, point, points) == {"cc_blind_index": 1, "cc_contact_point": 1}
    assert crm.count("cc_contact", person) == 1


def test_every_table_of_persons_is_disposed_of_or_stays_on_purpose() -> None:
    load_models()
    gone = {table.name for table in disposable_tables(ALL)}
    assert gone >= {*ACTIVE, "cc_external_id", "cc_provenance"}
    assert not gone & {*STAYING, "cc_archive_index", "cc_shred_pending"}


def test_rows_of_a_host_go_in_the_order_of_their_keys() -> None:
    host = MetaData()
    info = personal(Category.CONTENT, retention="contact", erasure=Erasure.DELETE_ROW)
    Table("a_parent", host, Column("id", Integer, primary_key=True), Column("subject_ref", Ref, info=info))
    Table(
        "b_child",
        host,
        Column("id", Integer, primary_key=True),
        Column("subject_ref", Ref, info=info),
        Column("parent", ForeignKey("a_parent.id")),
    )
    Table("c_other", host, Column("id", Integer, primary_key=True))
    assert [table.name for table in disposable_tables(ALL, [host])] == ["b_child", "a_parent"]
