"""The rules of a decision, in their order: each names the reason it gives and the article it stands on.

Nothing here reads a database or knows a number of law: facts come in, and the policies say what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from consentcore.clock import add_period
from consentcore.consent.calling import within_hours
from consentcore.consent.facts import Facts
from consentcore.consent.reasons import Reason
from consentcore.consent.tables import ERASED, PERMITTING, ConsentState, Quality
from consentcore.contactrules import PhoneRules
from consentcore.crm.contacts import Capacity
from consentcore.policyset import EXPLICIT_CONSENT, Channel, ContactRules, LegalBasis, PolicySet, Purpose, Rule

OPPOSABLE = frozenset({LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})
"""Bases of purposes that an objection or the opposition list can stop; direct marketing can always be (Art. 21(2))."""
OF_STATE: dict[str | None, Reason] = {
    None: Reason.CONSENT_MISSING,
    ConsentState.GIVEN: Reason.CONSENT_GIVEN,
    ConsentState.RENEWED: Reason.CONSENT_GIVEN,
    ConsentState.REFUSED: Reason.CONSENT_REFUSED,
    ConsentState.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    ConsentState.EXPIRED: Reason.EXPIRED,
    ConsentState.REQUESTED: Reason.REQUESTED_UNCONFIRMED,
    ConsentState.INVALIDATED: Reason.CONSENT_INVALIDATED,
    ConsentState.UNKNOWN: Reason.CONSENT_UNPROVEN,
    ERASED: Reason.ERASED,
}
_SAID_NO = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Matter:
    """What a decision is about, under which policies, at which instant."""

    purpose: Purpose
    channel: Channel
    policy: PolicySet
    at: datetime

    @property
    def today(self) -> date:
        """The day of the instant in the controller's civil time."""
        return self.at.astimezone(ZoneInfo(self.policy.controller.timezone)).date()


def opposable(purpose: Purpose) -> bool:
    """Tell whether an objection or the opposition list can stop a purpose (Art. 21(1), 21(2))."""
    return purpose.basis in OPPOSABLE or purpose.is_marketing


def judge(matter: Matter, facts: Facts) -> tuple[Reason, ...]:
    """Return the reasons of a decision: one that permits, alone, or every one that forbids, the first deciding."""
    forbidding = tuple(dict.fromkeys(reason for rule in RULES for reason in rule(matter, facts)))
    return forbidding or (_ground(matter, facts),)


def _ends(matter: Matter, facts: Facts) -> Iterator[Reason]:
    if facts.erased or facts.state == ERASED:
        yield Reason.ERASED
    if facts.deceased_on is not None:
        yield Reason.DECEASED
    if facts.held_only:
        yield Reason.HELD_ONLY


def _opposition(matter: Matter, facts: Facts) -> Iterator[Reason]:
    """What stands against a purpose; a consent to this very purpose stands above an older opposition."""
    consents = matter.purpose.basis is LegalBasis.CONSENT and facts.state in PERMITTING
    may_object = opposable(matter.purpose)
    standing = (
        (Reason.RESTRICTED, facts.restricted_at),
        (Reason.OBJECTION, facts.objected_at if may_object else None),
        (Reason.SUPPRESSED, facts.suppressed_at if may_object else None),
    )
    for reason, since in standing:
        if since is not None and not (consents and facts.at is not None and facts.at > since):
            yield reason


def _special_categories(matter: Matter, facts: Facts) -> Iterator[Reason]:
    purpose = matter.purpose
    if purpose.special_categories:
        implied = purpose.article9 == EXPLICIT_CONSENT and not facts.quality & Quality.EXPLICIT
        if purpose.article9 is None or (implied and facts.state in PERMITTING):
            yield Reason.ART9_CONDITION_MISSING


def _calls(matter: Matter, facts: Facts) -> Iterator[Reason]:
    timezone = facts.timezone or matter.policy.controller.timezone
    for pack in _phone_packs(matter, facts):
        if matter.purpose.sector in pack.banned_sectors and not _about_a_contract(matter, facts, pack):
            yield Reason.SECTOR_BANNED
        if _keeps_quiet(pack, facts, matter.at):
            yield Reason.CALL_REFUSED
        if _called_often(pack, facts, matter.at):
            yield Reason.CALL_FREQUENCY
        if pack.hours is not None and not within_hours(pack.hours, matter.at, timezone):
            yield Reason.OUTSIDE_HOURS


def _keeps_quiet(pack: PhoneRules, facts: Facts, at: datetime) -> bool:
    refused_at, quiet = facts.call_refused_at, pack.quiet_after_refusal
    return refused_at is not None and quiet is not None and add_period(refused_at, quiet) > at


def _called_often(pack: PhoneRules, facts: Facts, at: datetime) -> bool:
    if pack.most_calls is None or pack.call_window is None:
        return False
    return sum(add_period(called_at, pack.call_window) > at for called_at in facts.called_at) >= pack.most_calls


def _consent(matter: Matter, facts: Facts) -> Iterator[Reason]:
    purpose = matter.purpose
    if purpose.rule is not Rule.OPT_IN or _contract_permits(matter, facts):
        return
    reason = OF_STATE[facts.state]
    if reason is not Reason.CONSENT_GIVEN:
        yield reason
    elif facts.expires_at is not None and facts.expires_at <= matter.at:
        yield Reason.EXPIRED
    elif facts.quality & Quality.PARENT_MISSING:
        yield Reason.PARENT_CONSENT_MISSING


def _customers(matter: Matter, facts: Facts) -> Iterator[Reason]:
    if matter.purpose.rule is not Rule.SOFT_OPT_IN:
        return
    if not all(pack is not None and pack.customers_exempt for pack in _packs(matter, facts)):
        yield Reason.NO_RULE_PACK
    if facts.last_business_on is None:
        yield Reason.NO_SALE
        return
    if not facts.refusal_offered:
        yield Reason.NO_OPTOUT_EVIDENCE
    if _is_over(matter, facts.last_business_on):
        yield Reason.RELATION_OVER


def _professionals(matter: Matter, facts: Facts) -> Iterator[Reason]:
    if matter.purpose.rule is not Rule.B2B:
        return
    if facts.capacity is not Capacity.PROFESSIONAL:
        yield Reason.NOT_PROFESSIONAL_CONTEXT
    if not all(pack is not None and pack.professionals_exempt for pack in _packs(matter, facts)):
        yield Reason.NO_RULE_PACK


def _calls_without_consent(matter: Matter, facts: Facts) -> Iterator[Reason]:
    """A call to sell, on another basis than consent: forbidden from the day on which a country asks for consent."""
    if matter.purpose.rule is Rule.OPT_IN or not _calls_to_sell(matter, facts):
        return
    if None in _packs(matter, facts):
        yield Reason.NO_RULE_PACK
    for pack in _phone_packs(matter, facts):
        wanted = pack.consent_from is not None and pack.consent_from <= matter.today
        if wanted and not _about_a_contract(matter, facts, pack):
            yield Reason.CONSENT_MISSING


RULES: tuple[Callable[[Matter, Facts], Iterator[Reason]], ...] = (
    _ends,
    _opposition,
    _special_categories,
    _consent,
    _customers,
    _professionals,
    _calls_without_consent,
    _calls,
)
"""In the order in which reasons are named."""


def _ground(matter: Matter, facts: Facts) -> Reason:
    if matter.purpose.rule is Rule.OPT_IN:
        consented = OF_STATE[facts.state] is Reason.CONSENT_GIVEN
        expired = facts.expires_at is not None and facts.expires_at <= matter.at
        return Reason.CONSENT_GIVEN if consented and not expired else Reason.CONTRACT_IN_PROGRESS
    if matter.purpose.rule is Rule.SOFT_OPT_IN:
        return Reason.SOFT_OPT_IN
    return Reason(matter.purpose.basis.value)


def _packs(matter: Matter, facts: Facts) -> tuple[ContactRules | None, ...]:
    if not facts.countries:
        return (matter.policy.contact_rules_for(None),)
    return tuple(matter.policy.contact_rules_for(country) for country in sorted(facts.countries))


def _phone_packs(matter: Matter, facts: Facts) -> Iterator[PhoneRules]:
    """Give the rules on calls that bind: those of the person's countries, where a consumer is called to sell."""
    if _calls_to_sell(matter, facts):
        for pack in _packs(matter, facts):
            if pack is not None:
                yield pack.phone


def _calls_to_sell(matter: Matter, facts: Facts) -> bool:
    return calls(matter.purpose, matter.channel) and facts.capacity is Capacity.CONSUMER


def calls(purpose: Purpose, channel: Channel) -> bool:
    """Tell whether a purpose sells by telephone; profiling prepares calls and makes none."""
    return channel is Channel.PHONE and purpose.is_marketing and not purpose.profiling


def _about_a_contract(matter: Matter, facts: Facts, pack: PhoneRules) -> bool:
    return pack.contract_exception and matter.purpose.about_contract and facts.contract_runs


def _contract_permits(matter: Matter, facts: Facts) -> bool:
    """Tell whether a call needs no consent; a person who said no is not called about a contract to sell either."""
    packs = tuple(_phone_packs(matter, facts))
    return (
        bool(packs)
        and facts.state not in _SAID_NO
        and OF_STATE[facts.state] is not Reason.CONSENT_GIVEN
        and all(_about_a_contract(matter, facts, pack) for pack in packs)
    )


def _is_over(matter: Matter, last: date) -> bool:
    """Tell whether the relation ended longer ago than the retention rules let customers be written to."""
    for rule in matter.policy.retention.values():
        if rule.purpose == matter.purpose.id and rule.starts == "relation_end" and rule.period is not None:
            end = add_period(datetime(last.year, last.month, last.day, tzinfo=matter.at.tzinfo), rule.period)
            return end.date() < matter.today
    return False
