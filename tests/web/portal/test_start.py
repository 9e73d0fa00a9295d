"""The first page: what it offers, how long an answer takes, and how else to reach the controller; all from policies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from web.portal.app import create_app
from web.security.codes import MINUTES
from web.wiring import Service

Reply = Callable[[str], Flask]


@pytest.fixture
def replying_in(service: Service) -> Reply:
    """Make the portal of a controller whose country has another time to answer."""

    def make(period: str) -> Flask:
        packs = {country: replace(pack, reply=period) for country, pack in service.policy.deadlines.items()}
        return create_app(replace(service, policy=replace(service.policy, deadlines=packs)))

    return make


def test_every_choice_leads_somewhere(portal: Flask) -> None:
    page = portal.test_client().get("/fr/").text
    links = re.findall(r'<li><a href="(/fr/[^"]+)"><svg', page)
    assert len(links) == 6
    assert links[0] == "/fr/preferences/"
    for link in links:
        assert portal.test_client().get(link).status_code in (200, 303), link
    assert "Suivre une demande" in page


def test_the_time_to_answer_is_that_of_the_policies(portal: Flask, replying_in: Reply) -> None:
    assert "en un mois au plus" in portal.test_client().get("/fr/").text
    assert "within one month" in portal.test_client().get("/en/").text
    page = replying_in("P15D").test_client().get("/fr/").text
    assert "en 15 jours au plus" in page
    assert "un mois" not in page


def test_the_controller_is_reached_otherwise_too(portal: Flask, service: Service) -> None:
    controller = service.policy.controller
    page = portal.test_client().get("/fr/").text
    for said in (controller.dpo_name, controller.dpo_email, controller.phone, controller.name):
        assert said in page


def test_what_the_site_knows_is_said(portal: Flask) -> None:
    page = portal.test_client().get("/fr/about").text
    assert "cc_portal" in page
    assert f"{MINUTES} minutes" in page
    assert "Défenseur des droits" in portal.test_client().get("/fr/accessibility").text
