"""The sweep: nothing before its date, nothing due survives, running twice changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from consentcore.crypto.keyclasses import KeyClass
from consentcore.errors import BadInput
from consentcore.ledger.events import read_header
from consentcore.ledger.fsck import audit
from consentcore.ledger.tables import LogEvent
from consentcore.policyset import Phase
from consentcore.retention.archive import archive_rows
from consentcore.retention.keys import release_keys, released_keys
from consentcore.retention.sweep import plan, sweep_next
from consentcore.retention.tables import DisposalJournal
from consentcore.subjects import restrictions, shredding
from consentcore.subjects.tables import DataSubject

TODAY = date(2026, 11, 9)
EDGE = date(2023, 11, 8)  # three years later is yesterday: the latest start that is due
BEFORE = date(2016, 1, 1)  # the first invoice that is not due: its year closed less than ten years and a day ago
ACTIVE = ("cc_contact", "cc_contact_point", "cc_blind_index")


def counts_of(crm: Any, now: datetime | None = None, spared: Any = ()) -> dict[str, int]:
    found: Counter[str] = Counter()
    with crm.factory() as session:
        for item in plan(session, crm.policy, now or crm.now, spared):
            found[item.rule] += item.count
    return dict(found)


def done(swept: Sequence[Any]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for one in swept:
        counts[one.rule] += one.items
    return dict(counts)


@pytest.mark.parametrize(
    ("changes", "goes"),
    [
        ({"last_contact_on": EDGE}, True),
        ({"last_contact_on": EDGE + timedelta(days=1)}, False),
        ({"created_on": EDGE}, True),
        ({"created_on": EDGE + timedelta(days=1)}, False),
        ({"created_on": TODAY, "last_contact_on": EDGE}, True),
        ({"last_contact_on": EDGE, "consent_on": EDGE + timedelta(days=1)}, False),
        ({"last_contact_on": EDGE, "consent_on": EDGE}, True),
    ],
)
def test_prospects_go_the_day_after_three_years(crm: Any, make_life: Any, changes: Any, goes: bool) -> None:
    (person,) = crm.live(make_life(**changes))
    assert counts_of(crm) == ({"prospects": 1} if goes else {})
    assert done(crm.sweep()) == ({"prospects": 1} if goes else {})
    for name in ACTIVE:
        assert crm.count(name, person) == (0 if goes else 1)
    assert crm.count("cc_subject", person) == 1


@pytest.mark.parametrize(
    ("deals", "left"),
    [
        ([("invoice", BEFORE - timedelta(days=1))], set()),
        ([("invoice", BEFORE)], {"invoice", "person"}),
        ([("invoice", BEFORE - timedelta(days=1)), ("invoice", BEFORE)], {"invoice", "person"}),
        ([("order", EDGE)], set()),
        ([("order", EDGE + timedelta(days=1))], {"order", "person"}),
        ([("order", EDGE, "open")], {"order", "person"}),
        ([("subscription", EDGE, "open", TODAY)], {"subscription", "person"}),
        ([("subscription", EDGE, "closed", EDGE + timedelta(days=1))], {"subscription", "person"}),
        ([("order", EDGE), ("invoice", BEFORE)], {"invoice", "person"}),
        ([("order", EDGE), ("invoice", TODAY)], {"order", "invoice", "person"}),
    ],
)
def test_business_goes_by_its_own_rules_and_holds_the_person(
    crm: Any, make_life: Any, make_deal: Any, deals: Any, left: set[str]
) -> None:
    (person,) = crm.live(make_life(deals=tuple(make_deal(*one) for one in deals)))
    planned = counts_of(crm)
    assert done(crm.sweep()) == planned
    assert crm.count("cc_contact", person) == ("person" in left)
    assert crm.count("cc_transaction", person) == len(left - {"person"})
    assert counts_of(crm) == {}


DAYS = st.one_of(
    st.dates(date(2013, 1, 1), TODAY), st.sampled_from([EDGE, EDGE + timedelta(days=1), BEFORE, date(2015, 12, 31)])
)
DEALS = st.tuples(
    st.sampled_from(["order", "invoice", "subscription", "return"]),
    DAYS,
    st.sampled_from(["open", "closed", "closed", "closed"]),
    st.none() | DAYS,
)
LIVES = st.fixed_dictionaries(
    {
        "created_on": DAYS,
        "last_contact_on": st.none() | DAYS,
        "consent_on": st.none() | st.none() | DAYS,
        "deals": st.lists(DEALS, max_size=3),
        "archived_until": st.lists(st.sampled_from([TODAY - timedelta(days=1), TODAY, date(2020, 1, 1)]), max_size=2),
    }
)


class Model:
    """What the rules say of one life, in plain words."""

    def __init__(self, life: Any) -> None:
        self.business = [deal for deal in life.deals if deal.kind != "invoice"]
        self.invoices = [deal for deal in life.deals if deal.kind == "invoice" and deal.issued_on.year + 10 >= 2026]
        heard = [life.last_contact_on or life.created_on, *(deal.issued_on for deal in life.deals)]
        heard += [life.consent_on] if life.consent_on else []
        heard += [deal.ends_on for deal in self.business if deal.ends_on]
        is_open = any(d.status == "open" and (d.ends_on is None or d.ends_on >= TODAY) for d in self.business)
        self.silent = max(heard) <= EDGE and not is_open
        self.archived = [until for until in life.archived_until if until >= TODAY]
        self.person = not self.silent or bool(self.invoices)
        self.transactions = len(self.invoices) + (0 if self.silent else len(self.business))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=st.lists(LIVES, min_size=1, max_size=6), limit=st.integers(1, 5))
def test_what_is_due_goes_and_nothing_else(
    crm: Any, make_life: Any, make_deal: Any, drawn: list[dict[str, Any]], limit: int
) -> None:
    lives = [
        make_life(
            **{**one, "deals": tuple(make_deal(*deal) for deal in one["deals"])},
        )
        for one in drawn
    ]
    persons = crm.live(*lives)
    planned = counts_of(crm)
    swept = crm.sweep(limit=limit)
    assert done(swept) == planned
    assert all(0 < one.items <= limit for one in swept)
    for person, life in zip(persons, lives, strict=True):
        _check(crm, person, Model(life))
    assert counts_of(crm) == {}
    assert crm.sweep() == []


def _check(crm: Any, person: UUID, model: Model) -> None:
    left = {name: crm.count(name, person) for name in (*ACTIVE, "cc_transaction", "cc_archived_row")}
    assert left == {
        **dict.fromkeys(ACTIVE, int(model.person)),
        "cc_transaction": model.transactions,
        "cc_archived_row": len(model.archived),
    }
    with crm.factory() as session:
        marked = {one.key_class for one in released_keys(session) if one.subject_ref == person}
    expected = set() if model.person else {KeyClass.PROFILE}
    assert marked == (expected if model.person or model.archived else {KeyClass.PROFILE, KeyClass.ARCHIVE})


def test_planning_changes_nothing(crm: Any, make_life: Any) -> None:
    crm.live(make_life(), make_life(archived_until=(EDGE,)))
    events = crm_events(crm)
    assert counts_of(crm) == counts_of(crm) == {"prospects": 2, "archived_invoices": 1}
    assert crm_events(crm) == events
    assert crm.count("cc_contact") == 2


def crm_events(crm: Any) -> list[dict[str, Any]]:
    with crm.factory() as session:
        headers = session.scalars(select(LogEvent.header)).all()
    return [read_header(header) for header in headers]


def test_each_batch_has_one_leaf_and_one_line_in_the_journal(crm: Any, make_life: Any) -> None:
    crm.live(*(make_life() for _ in range(5)))
    assert [one.items for one in crm.sweep(limit=2)] == [2, 2, 1]
    leaves = [event for event in crm_events(crm) if event["type"] == "retention.swept"]
    assert sorted(event["data"]["items"] for event in leaves) == [1, 2, 2]
    for event in leaves:
        items = event["data"]["items"]
        assert event["data"]["rule"] == "prospects"
        assert event["data"]["rows"] == dict.fromkeys(ACTIVE, items)
        assert event["data"]["policy_sha256"] == crm.policy.sha256
        assert "subj" not in event
    with crm.factory() as session:
        lines = session.execute(select(DisposalJournal.event_id, DisposalJournal.row_count)).all()
        assert audit(session, [crm.keyring.log_signer().vkey]).ok
    assert {(str(line.event_id), line.row_count) for line in lines} == {
        (event["id"], 3 * event["data"]["items"]) for event in leaves
    }


def test_a_batch_that_fails_leaves_everything(crm: Any, make_life: Any) -> None:
    crm.live(make_life())
    with pytest.raises(RuntimeError), crm.factory.begin() as session:
        assert sweep_next(session, crm.keyring, crm.policy, crm.now).items == 1
        raise RuntimeError("the process dies here")
    assert counts_of(crm) == {"prospects": 1}
    assert crm.count("cc_shred_pending") == crm.count("cc_disposal") == 0


def test_restrictions_and_spared_persons_hold_data_back(crm: Any, make_life: Any, make_deal: Any) -> None:
    old = make_deal("invoice", date(2010, 1, 1))
    restricted, spared, free = crm.live(
        *(make_life(deals=(old,), archived_until=(EDGE,)) for _ in range(3)),
    )
    with crm.factory.begin() as session:
        ground = restrictions.Ground.LEGAL_CLAIMS
        placed = restrictions.place(session, restricted, ground, crm.now)
    holds = [select(DataSubject.subject_ref).where(DataSubject.subject_ref == spared)]
    planned = counts_of(crm, spared=holds)
    assert planned == {"archived_invoices": 1, "invoice": 1, "prospects": 1}
    assert done(crm.sweep(limit=1, spared=holds)) == planned
    assert crm.holding("cc_contact", [restricted, spared, free]) == {restricted, spared}
    assert crm.holding("cc_archived_row", [restricted, spared, free]) == {restricted, spared}
    with crm.factory.begin() as session:
        restrictions.inform(session, placed, crm.now)
        restrictions.lift(session, placed, crm.now)
    assert done(crm.sweep()) == {"archived_invoices": 2, "invoice": 2, "prospects": 2}


def test_what_waits_for_an_event_has_no_last_day(crm: Any, make_life: Any, make_item: Any) -> None:
    (person,) = crm.live(make_life(created_on=TODAY))

    with crm.factory.begin() as session:
        archive_rows(session, crm.keyring, person, [make_item(None, until_event="contract_end")], crm.now)
    assert counts_of(crm, crm.now + timedelta(days=365_000)).get("archived_invoices") is None


def test_the_longest_rule_of_a_class_governs(crm: Any, make_life: Any) -> None:
    crm.live(make_life(last_contact_on=EDGE))
    shipped = crm.policy.retention["prospects"]
    for changes, expected in (
        ({"period": "P2Y"}, {"prospects": 1}),
        ({"period": "P4Y"}, {}),
        ({"period": None}, {}),
        ({"then": Phase.ARCHIVE}, {}),
        ({"starts": "request_closed"}, {}),
    ):
        other = replace(shipped, id="other", **changes)
        policy = replace(crm.policy, retention={"prospects": shipped, "other": other})
        assert counts_of(replace(crm, policy=policy)) == expected, changes
    assert counts_of(replace(crm, policy=replace(crm.policy, retention={}))) == {}


def test_closed_business_without_a_rule_goes_with_the_person(crm: Any, make_life: Any, make_deal: Any) -> None:
    crm.live(make_life(deals=(make_deal("order", EDGE),)), make_life(deals=(make_deal("order", EDGE, "open"),)))
    shipped = {name: rule for name, rule in crm.policy.retention.items() if rule.data != "transaction"}
    alone = replace(crm, policy=replace(crm.policy, retention=shipped))
    assert done(alone.sweep()) == counts_of(crm) | {"prospects": 1} == {"prospects": 1}
    assert crm.count("cc_transaction") == crm.count("cc_contact") == 1


def test_released_keys_are_destroyed_with_a_certificate_each(crm: Any, make_life: Any) -> None:
    gone, kept = crm.live(make_life(), make_life(archived_until=(date(2031, 12, 31),)))
    crm.sweep()
    with crm.factory() as session:
        waiting = released_keys(session)
    assert {(one.subject_ref, one.key_class) for one in waiting} == {
        (gone, KeyClass.PROFILE),
        (gone, KeyClass.ARCHIVE),
        (kept, KeyClass.PROFILE),
    }
    for pending in waiting:
        facts = shredding.destroy(crm.keyring, pending, crm.now)
        with crm.factory.begin() as session:
            shredding.certify(session, pending, facts, crm.now)
    later = datetime(2032, 1, 1, 12, tzinfo=crm.now.tzinfo)
    assert done(crm.sweep(later)) == {"archived_invoices": 1}
    with crm.factory.begin() as session:
        assert [(one.subject_ref, one.key_class) for one in released_keys(session)] == [(kept, KeyClass.ARCHIVE)]
        assert release_keys(session, crm.keyring, [gone], crm.now) == 0
    assert KeyClass.EVIDENCE not in {stone.key_class for stone in crm.keyring.tombstones(gone)}


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_batches_are_bounded(crm: Any, limit: int) -> None:
    with crm.factory() as session, pytest.raises(BadInput):
        sweep_next(session, crm.keyring, crm.policy, crm.now, limit)
