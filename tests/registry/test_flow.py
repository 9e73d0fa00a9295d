"""The register's map: persons, activities and recipients, with what leaves the European Economic Area told apart."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pikepdf
import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.errors import BadInput
from consentcore.personal_data.datamap import DataMap
from consentcore.policyset import PolicySet, Recipient, RecipientKind
from registry.article30 import RegisterView, compose
from registry.documents.register_sheet import register_html, register_pdf
from registry.flow import flow_header, flow_of, in_words, printed_flow
from registry.pictures.flow_map import BoxKind, flow_map, table


@pytest.fixture
def view(bound: sessionmaker[Session], policy: PolicySet, datamap: DataMap, now: datetime) -> RegisterView:
    """A register whose mailer is in the United States and whose tax office has a hostile name."""
    recipients = {
        "mailer": Recipient("mailer", {"fr": "Envois", "en": "Mailer"}, RecipientKind.PROCESSOR, "US", None),
        "tax": Recipient("tax", {"fr": "<b>Impôts", "en": "<b>Tax"}, RecipientKind.AUTHORITY, "FR", None),
    }
    with bound() as session:
        return compose(session, replace(policy, recipients=recipients), datamap, now)


def test_the_map_joins_persons_activities_and_recipients(view: RegisterView) -> None:
    flow = flow_of(view, "fr")
    assert [one.title for one in flow.sources][:2] == ["Clients", "Prospects et autres contacts"]
    assert len(flow.activities) == len(view.activities)
    kinds = {one.id: (one.kind, one.sub) for one in flow.recipients}
    assert kinds["to-tax"] == (BoxKind.PLAIN, "France")
    assert kinds["to-mailer"] == (BoxKind.THIRD, "États-Unis, hors EEE, garantie non consignée")
    assert {(one.source, one.gap) for one in flow.links if one.target == "to-mailer"} == {("do-newsletter", True)}
    rows = {row[0]: row for row in table(flow, flow_header("fr"))[1]}
    assert rows["Titre newsletter"][1:3] == ("consentement", "Clients ; Prospects et autres contacts")
    assert "&lt;b&gt;Impôts" in flow_map(flow).svg


def test_the_words_say_the_whole_map(view: RegisterView) -> None:
    assert flow_of(view, "en").desc == in_words(view.activities, "en")
    assert "Title newsletter (consent), data of customers, prospects" in in_words(view.activities, "en")
    assert "to Mailer (United States, outside the EEA, no safeguard recorded)" in in_words(view.activities, "en")
    with pytest.raises(BadInput):
        flow_of(view, "de")


def test_a_long_register_takes_more_than_one_page(view: RegisterView) -> None:
    one = view.activities[0]
    many = replace(view, activities=tuple(replace(one, id=f"a{place}") for place in range(40)))
    pictures = printed_flow(many, "fr")
    assert len(pictures) > 1
    assert max(picture.height for picture in pictures) <= 960
    assert sum(picture.svg.count('rx="1"') for picture in pictures) == 40


def test_the_sheet_carries_the_map_and_its_words(view: RegisterView) -> None:
    html = register_html(view, "fr")
    assert html.count('<div class="map"><svg') == len(printed_flow(view, "fr"))
    assert "hors de l’Espace économique européen" in html
    assert "<b>" not in html
    short = replace(view, activities=view.activities[1:4])
    made = register_pdf(short, "fr")
    with pikepdf.open(io.BytesIO(made)) as opened:
        figures = [one for one in opened.objects if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"]
        said = [str(one.Alt) for one in figures]
    assert len(said) == len(printed_flow(short, "fr")) == 2
    assert "Titre newsletter (consentement)" in said[0]
