"""A field goes only if every purpose that uses it has a ground of 17(1); exceptions of 17(3) come after (R-17-0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.policyset import LegalBasis, PolicySet, Purpose
from consentcore.requests.erasure_grounds import Circumstances, Ruling, rule_on, rule_on_evidence
from consentcore.requests.items import Item
from consentcore.requests.letters import erased
from consentcore.requests.no_ground import StillNeeded, stated, still_needed
from consentcore.requests.tables import ItemOutcome
from policies.loader import load

TODAY = date(2026, 11, 9)
POLICY = load()
BASES = list(LegalBasis)
ERASED, RETAINED, ARCHIVED = ItemOutcome.ERASED, ItemOutcome.RETAINED, ItemOutcome.ARCHIVED


def facts(policy: PolicySet = POLICY, *, contract_open: bool = False, **compelling: str) -> Circumstances:
    return Circumstances(policy, TODAY, contract_open, compelling)


def used_by(*bases: LegalBasis, data: str = "contact") -> PolicySet:
    """The shipped policies, but that one data class is used by purposes on these bases alone."""
    model = POLICY.purposes["order_management"]
    purposes: dict[str, Purpose] = {
        f"purpose_{number}": replace(model, id=f"purpose_{number}", basis=basis, data=frozenset({data}))
        for number, basis in enumerate(bases)
    }
    return replace(POLICY, purposes=purposes)


def test_contact_data_go_when_every_purpose_lets_them() -> None:
    assert rule_on("contact", None, facts()) == Ruling(ERASED, "17(1)(a), 17(1)(b), 17(1)(c)")


def test_no_ground_cites_the_article_and_the_event_that_ends_it() -> None:
    ruling = rule_on("contact", None, facts(contract_open=True))
    assert (ruling.outcome, ruling.article, ruling.until, ruling.until_event) == (
        RETAINED, "17(1)", None, "contract_end",
    )  # fmt: skip
    assert ruling.ground and "order_management" in ruling.ground and "6(1)(b)" in ruling.ground


@pytest.mark.parametrize(
    ("issued_on", "until"),
    [
        (date(2021, 1, 1), date(2031, 12, 31)),
        (date(2021, 12, 31), date(2031, 12, 31)),
        (date(2016, 12, 31), date(2026, 12, 31)),
        (date(2015, 12, 31), None),
    ],
)
def test_an_invoice_is_archived_until_ten_years_after_its_accounting_year(issued_on: date, until: date | None) -> None:
    ruling = rule_on("invoice", issued_on, facts())
    if until is None:
        assert ruling == Ruling(ERASED, "17(1)(a)")
    else:
        assert (ruling.outcome, ruling.article, ruling.until, ruling.rule) == (ARCHIVED, "17(3)(b)", until, "invoice")


def test_another_accounting_year_moves_the_end() -> None:
    controller = replace(POLICY.controller, fiscal_year_end="06-30")
    policy = replace(POLICY, controller=controller)
    assert rule_on("invoice", date(2021, 3, 5), facts(policy)).until == date(2031, 6, 30)
    assert rule_on("invoice", date(2021, 7, 1), facts(policy)).until == date(2032, 6, 30)


def test_data_that_no_purpose_uses_go() -> None:
    assert rule_on("quarantine", None, facts()) == Ruling(ERASED, "17(1)(a)")


def test_compelling_grounds_hold_against_an_objection_for_their_own_purpose_alone() -> None:
    policy = used_by(LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK)
    assert rule_on("contact", None, facts(policy)) == Ruling(ERASED, "17(1)(c)")
    held = rule_on("contact", None, facts(policy, purpose_0="fraud under investigation"))
    assert (held.outcome, held.article) == (RETAINED, "17(1)") and held.ground and "21(1)" in held.ground
    assert rule_on("contact", None, facts(policy, another="none of it")).outcome is ERASED


@given(st.lists(st.sampled_from(BASES), max_size=5), st.booleans(), st.sampled_from(["contact", "invoice"]))
def test_data_are_erased_only_where_no_purpose_keeps_them(bases: list[LegalBasis], is_open: bool, data: str) -> None:
    policy = used_by(*bases, data=data)
    ruling = rule_on(data, date(2021, 3, 5), facts(policy, contract_open=is_open))
    alone = [
        rule_on(data, date(2021, 3, 5), facts(used_by(basis, data=data), contract_open=is_open)).outcome
        for basis in bases
    ]
    expected = RETAINED if RETAINED in alone else ARCHIVED if ARCHIVED in alone else ERASED
    assert ruling.outcome is expected
    assert ruling.article and (ruling.outcome is ERASED or bool(ruling.until or ruling.until_event))


def test_evidence_stays_under_its_own_rule() -> None:
    proof = rule_on_evidence("consent_proof", date(2024, 2, 29), facts())
    assert (proof.outcome, proof.article, proof.until) == (RETAINED, "17(3)(e)", date(2029, 2, 28))
    file = rule_on_evidence("request", None, facts())
    assert (file.article, file.until, file.until_event) == ("17(3)(e)", None, "request_closed")
    opposition = rule_on_evidence("suppression", None, facts())
    assert (opposition.article, opposition.until) == ("21(3)", None) and opposition.until_event
    assert rule_on_evidence("subject", None, facts()).rule == "request"


def test_a_purpose_that_goes_on_is_read_back_as_it_was_stated() -> None:
    for compelling in (False, True):
        for purpose in POLICY.purposes.values():
            found = still_needed(stated(purpose, compelling=compelling))
            assert found == StillNeeded(purpose.id, "" if compelling else purpose.basis.article, compelling)
    assert still_needed("Code de commerce, art. L123-22") is None
    assert still_needed(None) is None


def test_the_letter_says_what_goes_on_in_each_of_its_languages() -> None:
    ground = stated(POLICY.purposes["order_management"])
    kept = Item("cc_contact", None, "*", RETAINED, ground, "17(1)", until_event="contract_end")
    _, text = erased(POLICY, "B4GT-W7C3", [kept])
    assert "encore nécessaires pour « Gestion des commandes et des abonnements »" in text
    assert "still needed for “Managing orders and subscriptions”" in text
    assert "no 17(1) ground" not in text
