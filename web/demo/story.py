"""The whole demo: whether it may be loaded, the story from its first day to this one, and how to tell that it is there.

It is as old as the day it is loaded on, and made by the functions that any face calls: nothing writes a table directly.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select

from consentcore.importing.tables import ImportRun
from consentcore.policyset import PolicySet
from consentcore.subjects.tables import DataSubject
from web.demo.acts import Line, play
from web.demo.business import breach, disclosed
from web.demo.choices import declarations, refusals_offered
from web.demo.days import Days
from web.demo.exports import RUNS, SYSTEM, People, imports
from web.demo.handling import requests
from web.demo.staff import DPO, Staff, open_accounts
from web.security import apikeys
from web.security import staff as accounts
from web.security.apikeys import ALL_SCOPES
from web.transaction import reading, unit
from web.wiring import Service

KEY_NAME = SYSTEM
"""Name of the API key, which is made last: where it is, the demo is there whole."""


class Standing(StrEnum):
    """What a database holds, as far as the demo is concerned."""

    EMPTY = "empty"
    WHOLE = "whole"
    CUT_OFF = "cut_off"
    FOREIGN = "foreign"


def standing(service: Service) -> Standing:
    """Tell what stands in the database; reads only."""
    with reading(service.sessions) as session:
        begun = any(one.email == DPO for one in accounts.everyone(session, service.keyring))
        if begun or session.scalar(select(ImportRun.id).where(ImportRun.system == SYSTEM).limit(1)) is not None:
            made = any(key.name == KEY_NAME for key in apikeys.all_keys(session))
            return Standing.WHOLE if made else Standing.CUT_OFF
        anyone = session.scalar(select(DataSubject.subject_ref).limit(1)) is not None
    return Standing.FOREIGN if anyone else Standing.EMPTY


def begins(now: datetime, policy: PolicySet) -> datetime:
    """Return the instant before everything: when the made-up company prepared its databases."""
    return _days(now, policy).at(RUNS[0] + 1, "09:00")


def load(service: Service, staff: Staff) -> str:
    """Tell the whole story in an empty database, and return the token of its API key, which is made last.

    Effects: persons with keys of their own, everything that happens to them, mail in the outbox and sent.
    """
    days = _days(service.now(), service.policy)
    people = People(days)
    play(
        service,
        [
            Line(days.at(RUNS[0] + 1, "10:00"), partial(open_accounts, staff=staff)),
            *imports(days, people),
            *declarations(days, people, service.policy, staff.operator),
            *refusals_offered(days, people, service.policy),
            *disclosed(days, service.policy),
            *requests(days, service.policy, people, staff),
            *breach(days),
        ],
    )
    with unit(service.sessions) as session:
        return apikeys.create(session, KEY_NAME, ALL_SCOPES, days.now, grantor=ALL_SCOPES).token


def _days(now: datetime, policy: PolicySet) -> Days:
    return Days(now, ZoneInfo(policy.controller.timezone))
