"""Which decisions one read of the projection can answer, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from consentcore.consent.judging import OF_STATE, calls
from consentcore.consent.reasons import ALLOWING, Reason
from consentcore.consent.tables import ERASED
from consentcore.errors import PolicyViolation
from consentcore.policyset import Channel, PolicySet, Purpose, Rule

_ONE_READ = frozenset({Rule.OPT_IN, Rule.BASIS})
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """How a purpose decides over a channel: worked out once, asked for with every decision."""

    policy: PolicySet
    purpose: Purpose
    reads_once: bool
    """Whether the projection alone decides for people on whom nothing stands."""
    answers: dict[tuple[str | None, bool], tuple[bool, Reason]]
    """What it decides then, by state and by whether the consent expired: `judging` says the same (a test compares)."""


_PLANS: dict[tuple[int, str, Channel], Plan] = {}


def plan_for(policy: PolicySet, purpose_id: str, channel: Channel) -> Plan:
    """Return the plan of a purpose that is declared for a channel.

    Raises: NotFound (purpose), PolicyViolation (channel).
    """
    key = (id(policy), purpose_id, channel)
    plan = _PLANS.get(key)
    if plan is None or plan.policy is not policy:  # an id is given again once its policies are gone
        purpose = declared(policy, purpose_id, channel)
        if len(_PLANS) >= _KEPT:
            _PLANS.clear()
        plan = _PLANS[key] = Plan(policy, purpose, reads_once(purpose, channel), _answers(purpose))
    return plan


def declared(policy: PolicySet, purpose_id: str, channel: Channel, *, article: str = "5(1)(b)") -> Purpose:
    """Return a purpose that is declared for a channel.

    Raises: NotFound (purpose); PolicyViolation (channel), citing `article`.
    """
    purpose = policy.purpose(purpose_id)
    if channel not in purpose.channels:
        names = ", ".join(sorted(purpose.channels))
        raise PolicyViolation(
            f"purpose {purpose_id!r} is not declared for channel {channel.value!r}; it has: {names}", article=article
        )
    return purpose


def reads_once(purpose: Purpose, channel: Channel) -> bool:
    """Tell whether the projection alone decides for people on whom nothing stands.

    Calls look at what was called before, customers at what they bought, professionals at their contacts, special
    categories at how the consent was stated.
    """
    return purpose.rule in _ONE_READ and not calls(purpose, channel) and not purpose.special_categories


def _answers(purpose: Purpose) -> dict[tuple[str | None, bool], tuple[bool, Reason]]:
    found = {}
    for state, reason in OF_STATE.items():
        said = None if state is None else str(state)
        for expired in (False, True):
            answer = Reason.EXPIRED if expired and reason is Reason.CONSENT_GIVEN else reason
            if purpose.rule is Rule.BASIS:
                answer = Reason.ERASED if state == ERASED else Reason(purpose.basis.value)
            found[said, expired] = (answer in ALLOWING, answer)
    return found
