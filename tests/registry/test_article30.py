"""The register says what Art. 30(1) asks, and names every gap between policies and data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.columns import Category, Sensitivity
from consentcore.errors import BadInput
from consentcore.personal_data.datamap import DataMap, MappedField
from consentcore.policyset import LegalBasis, PolicySet, Recipient, RecipientKind
from registry.article30 import RegisterView, compose
from registry.documents.register_sheet import register_html
from registry.documents.shown import csv_text
from registry.register_data import as_data, as_rows


@pytest.fixture
def view(bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime) -> RegisterView:
    """The register of policies without a gap."""
    with bound() as session:
        return compose(session, policy, datamap, now)


def composed(bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime) -> tuple[str, ...]:
    with bound() as session:
        return compose(session, policy, datamap, now).problems


def test_a_register_without_gaps(view: RegisterView) -> None:
    assert view.problems == ()
    assert [one.id for one in view.activities][:3] == ["invoicing", "newsletter", "orders"]
    own = [one for one in view.activities if one.own]
    assert {"rights_requests", "consent_proof", "opposition_list", "staff_logs"} <= {one.id for one in own}
    assert all(one.basis is LegalBasis.LEGAL_OBLIGATION and one.legal_text for one in own)
    assert view.in_force_since is None


def test_each_point_of_article_30_is_answered(view: RegisterView) -> None:
    data = as_data(view, "en")
    newsletter = next(one for one in data["activities"] if one["id"] == "newsletter")
    assert data["controller"]["name"] == "Jardins & Fils"
    assert data["data_protection_officer"]["email"] == "dpo@jardins.example"
    assert (newsletter["basis"], newsletter["article"], newsletter["purposes"]) == ("consent", "6(1)(a)", "Why")
    assert {one["id"] for one in newsletter["subjects"]} == {"customers", "prospects"}
    (use,) = newsletter["data"]
    assert [one["id"] for one in use["categories"]] == ["user.name", "user.contact.email"]
    assert use["limits"][0]["text"] == "3 years from the last contact from the person, then erasure"
    assert newsletter["recipients"][0]["name"] == "Mailer"
    assert newsletter["transfers"] == []
    assert [one["id"] for one in data["measures"] if not one["taken"]] == ["access_control", "backups"]


def test_rows_told_apart_by_kind_have_the_columns_of_their_table(view: RegisterView) -> None:
    invoicing = next(one for one in view.activities if one.id == "invoicing")
    assert invoicing.data[0].categories == ("user.name",)
    assert invoicing.data[0].limits[0].article == "17(3)(b)"


def test_a_contract_is_kept_until_it_ends(view: RegisterView) -> None:
    orders = next(one for one in view.activities if one.id == "orders")
    assert orders.data[0].limits == ()
    assert orders.data[0].criterion["en"] == "until the end of the contract"


def test_a_class_that_no_purpose_uses_is_a_problem(
    bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime
) -> None:
    stray = MappedField(
        **{name: getattr(datamap.fields[0], name) for name in MappedField.__slots__} | {"retention": "x"}
    )
    (problem,) = composed(bound, policy, DataMap((*datamap.fields, stray)), now)
    assert problem.startswith("data class x (cc_contact) is in no activity")


def test_missing_limits_and_unknown_recipients_are_problems(
    bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime
) -> None:
    bare = replace(policy, retention={}, recipients={})
    problems = composed(bound, bare, datamap, now)
    assert sum("no retention rule says when" in one for one in problems) == 2
    assert sum("who is not in the policies" in one for one in problems) == 2


def test_a_transfer_without_a_safeguard_is_a_problem(
    bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime
) -> None:
    abroad = Recipient("mailer", {"en": "Mailer"}, RecipientKind.PROCESSOR, "US", None)
    (problem,) = composed(bound, replace(policy, recipients={**policy.recipients, "mailer": abroad}), datamap, now)
    assert "outside the European Economic Area" in problem


def test_sensitive_data_show(bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime) -> None:
    special = MappedField(
        **{name: getattr(datamap.fields[0], name) for name in MappedField.__slots__}
        | {"sensitivity": Sensitivity.SPECIAL, "category": Category.CONTENT}
    )
    with bound() as session:
        view = compose(session, policy, DataMap((*datamap.fields, special)), now)
    assert next(one for one in view.activities if one.id == "newsletter").data[0].sensitive


def test_the_table_has_one_row_for_each_class(view: RegisterView) -> None:
    rows = as_rows(view, "fr")
    assert {len(row) for row in rows} == {13}
    assert len(rows) == 1 + sum(max(1, len(one.data)) for one in view.activities)
    assert csv_text(rows).startswith("\ufeff")


@pytest.mark.parametrize(("lang", "words"), [("fr", "Finalités (b)"), ("en", "Purposes (b)")])
def test_the_sheet_escapes_and_speaks_both_languages(view: RegisterView, lang: str, words: str) -> None:
    html = register_html(view, lang)
    assert words in html
    assert "Jardins &amp; Fils" in html


def test_another_language_is_refused(view: RegisterView) -> None:
    with pytest.raises(BadInput):
        as_data(view, "de")
