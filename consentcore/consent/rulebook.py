"""What each basis, channel and situation decides, worked out by the very rules that decide (Art. 5(2)).

A table for people to read: `docs/consent-decisions.md` is written from it, and a test puts a person into each
situation and holds `decide` against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from consentcore.consent.facts import Facts
from consentcore.consent.judging import Matter, judge
from consentcore.consent.reasons import ALLOWING, Reason
from consentcore.consent.tables import ConsentState, Quality
from consentcore.crm.contacts import Capacity
from consentcore.policyset import Channel, LegalBasis, PolicySet, Purpose, Rule

ELSEWHERE = "ZZ"
"""A country for which no rules are known."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One cell: what a kind of purpose decides over a channel in a situation."""

    purposes: tuple[str, ...]
    basis: LegalBasis
    rule: Rule
    channel: Channel
    situation: str
    allowed: bool
    reasons: tuple[Reason, ...]


def situations(now: datetime) -> MappingProxyType[str, Facts]:
    """Return the situations by name, told from an instant; everybody lives in the controller's country if not said."""
    before, later, ended = now - timedelta(days=100), now - timedelta(days=50), now - timedelta(days=1)
    today = now.date()
    given = Facts(state=ConsentState.GIVEN, at=before, expires_at=now + timedelta(days=400))
    given_later = replace(given, at=later)
    customer = Facts(last_business_on=today - timedelta(days=30), refusal_offered=True)
    withdrawn = Facts(state=ConsentState.WITHDRAWN, at=before)
    declared = {
        state.value: Facts(state=state, at=before)
        for state in ConsentState
        if state not in (ConsentState.GIVEN, ConsentState.RENEWED)
    }
    found = {
        "nothing declared": Facts(),
        "consent given": given,
        "consent renewed": replace(given, state=ConsentState.RENEWED),
        "consent past its term": replace(given, expires_at=ended),
        **{f"consent {name}": facts for name, facts in declared.items()},
        "consent of a child without a parent": replace(given, quality=Quality.PARENT_MISSING),
        "consent, objection later": replace(given, objected_at=later),
        "objection": Facts(objected_at=before),
        "objection, consent later": replace(given_later, objected_at=before),
        "on the opposition list": Facts(suppressed_at=before),
        "on the opposition list, consent later": replace(given_later, suppressed_at=before),
        "restricted": Facts(restricted_at=before),
        "consent, restricted later": replace(given, restricted_at=later),
        "erased": Facts(restricted_at=before, erased=True),
        "contacts disposed of": replace(given, held_only=True),
        "deceased": replace(given, deceased_on=today - timedelta(days=3)),
        "customer, refusal offered": customer,
        "customer, refusal not shown to be offered": replace(customer, refusal_offered=False),
        "customer long ago": replace(customer, last_business_on=today - timedelta(days=4 * 366)),
        "customer in a country without known rules": replace(customer, countries=frozenset({ELSEWHERE})),
        "professional": Facts(capacity=Capacity.PROFESSIONAL),
        "contract under way": Facts(contract_runs=True, last_business_on=today),
        "contract under way, consent withdrawn": replace(withdrawn, contract_runs=True, last_business_on=today),
        "consent, called four times within a month": replace(given, called_at=_four_calls(now)),
        "consent, refused a call last month": replace(given, call_refused_at=now - timedelta(days=30)),
    }
    return MappingProxyType(found)


def _four_calls(now: datetime) -> tuple[datetime, ...]:
    return tuple(now - timedelta(days=days) for days in (20, 9, 5, 2))


def rulings(policy: PolicySet, now: datetime) -> Iterator[Ruling]:
    """Yield what every kind of purpose of the policies decides, situation by situation.

    Purposes that decide alike over a channel stand together.
    """
    for channel in Channel:
        alike: dict[tuple[tuple[Reason, ...], ...], list[Purpose]] = {}
        cases = situations(now)
        for purpose in sorted(policy.purposes.values(), key=lambda one: (one.basis, one.rule, one.id)):
            if channel in purpose.channels:
                matter = Matter(purpose, channel, policy, now)
                answers = tuple(judge(matter, facts) for facts in cases.values())
                alike.setdefault(answers, []).append(purpose)
        for answers, together in alike.items():
            first = together[0]
            for situation, reasons in zip(cases, answers, strict=True):
                yield Ruling(
                    purposes=tuple(one.id for one in together),
                    basis=first.basis,
                    rule=first.rule,
                    channel=channel,
                    situation=situation,
                    allowed=reasons[0] in ALLOWING,
                    reasons=reasons,
                )
