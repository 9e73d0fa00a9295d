"""What must fit together about consents and sensitive purposes, each rule with the article that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from consentcore.clock import add_period
from consentcore.consent.doubleoptin import CONFIRMED_OVER
from consentcore.policyset import EXPLICIT_CONSENT, LegalBasis, Notice, PolicySet, Purpose
from policies.problems import Problem

_SOME_DAY = datetime(2001, 1, 1, tzinfo=UTC)
_WITHOUT_TEST = frozenset({LegalBasis.CONSENT, LegalBasis.LEGAL_OBLIGATION})
"""Bases on which Art. 6(4) asks for no test: consent, and a law of the Union or of a Member State."""


def check(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    """Find what does not fit in one purpose (R-6-2, R-7-5, R-7-7, R-8-1, R-9-1)."""
    for rule in _RULES:
        yield from rule(purpose, policy_set)


def _special_categories_have_a_condition(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    where = _file(purpose)
    if purpose.special_categories and not purpose.article9:
        named = ", ".join(sorted(purpose.special_categories))
        yield Problem("9(2)", where, f"uses {named}, which are forbidden without a condition; write article9")
    if purpose.article9 and not purpose.special_categories:
        yield Problem("9(1)", where, "article9 is the condition of special_categories; name them, or remove it")
    if purpose.article9 == EXPLICIT_CONSENT and purpose.basis is not LegalBasis.CONSENT:
        sentence = f"article9 {EXPLICIT_CONSENT} is explicit consent and needs basis consent, not {purpose.basis}"
        yield Problem(EXPLICIT_CONSENT, where, f"{sentence}; change one")


def _condition_is_reviewed(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    where = _file(purpose)
    if not purpose.conditional:
        if purpose.conditional_review:
            yield Problem("7(4)", where, "conditional_review is for a consent that a service depends on; remove it")
        return
    if purpose.basis is not LegalBasis.CONSENT:
        yield Problem("7(4)", where, f"conditional is about a consent, not about {purpose.basis}; remove it")
    missing = _missing(purpose.conditional_review, policy_set)
    if missing:
        sentence = f"makes a service depend on a consent; write conditional_review in {missing}: who looked, when, why"
        yield Problem("7(4)", where, sentence)


def _partners_are_named(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    where = _file(purpose)
    if purpose.partners and purpose.basis is not LegalBasis.CONSENT:
        yield Problem("6(1)(a)", where, f"partners are named in a consent, not on {purpose.basis}; change one")
    for partner in purpose.partners:
        if partner not in purpose.recipients:
            yield Problem("13(1)(e)", where, f"names the partner {partner}, which its recipients do not; add it there")
        named = policy_set.recipients.get(partner)
        if named is None:
            continue
        for notice in _texts_of(purpose, policy_set):
            if _plain(named.name.get(notice.language, "")) not in _plain(notice.text):
                sentence = f"does not name the partner {partner} as recipients.yaml calls it; write its name"
                yield Problem("13(1)(e), 7(1)", f"notices/{notice.id}/{notice.version}/{notice.language}.md", sentence)


def _double_opt_in_has_a_consent(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if not purpose.double_opt_in:
        return
    if purpose.basis is not LegalBasis.CONSENT:
        yield Problem("7(1)", _file(purpose), f"double_opt_in confirms a consent, not {purpose.basis}; remove it")
    foreign = ", ".join(sorted(purpose.double_opt_in - purpose.channels))
    if foreign:
        yield Problem("7(1)", _file(purpose), f"double_opt_in names {foreign}, which channels does not; change one")
    unreachable = ", ".join(sorted((purpose.double_opt_in & purpose.channels) - CONFIRMED_OVER))
    if unreachable:
        sentence = f"double_opt_in names {unreachable}: no link can be sent there, so nobody could confirm; remove it"
        yield Problem("7(1)", _file(purpose), sentence)


def _refresh_comes_in_time(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if not purpose.refresh:
        return
    if purpose.basis is not LegalBasis.CONSENT:
        yield Problem("7", _file(purpose), "refresh asks again for a consent; remove it")
    if purpose.validity and add_period(_SOME_DAY, purpose.refresh) >= add_period(_SOME_DAY, purpose.validity):
        sentence = f"refresh {purpose.refresh} asks when the consent has ended ({purpose.validity}); shorten it"
        yield Problem("7", _file(purpose), sentence)


def _children_have_an_age(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if not purpose.for_children:
        return
    if purpose.basis is not LegalBasis.CONSENT:
        sentence = f"for_children is about the consent of a child, not about {purpose.basis}; change one"
        yield Problem("8(1)", _file(purpose), sentence)
    if policy_set.age_rule_for(None) is None:
        country = policy_set.controller.country
        yield Problem("8(1)", _file(purpose), f"is for children; write their age in {country} or EU into ages.yaml")


def _new_purpose_is_compatible(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    where = _file(purpose)
    if purpose.derived_from is None:
        if purpose.compatibility_test:
            yield Problem("6(4)", where, "compatibility_test needs the purpose it compares with; write derived_from")
        return
    if purpose.derived_from == purpose.id or purpose.derived_from not in policy_set.purposes:
        sentence = f"is derived from {purpose.derived_from}, which is no other purpose of these policies; correct it"
        yield Problem("6(4)", where, sentence)
    missing = _missing(purpose.compatibility_test, policy_set)
    if missing and purpose.basis not in _WITHOUT_TEST:
        sentence = f"uses data of {purpose.derived_from} anew; write compatibility_test in {missing}: its five factors"
        yield Problem("6(4)", where, sentence)


def _profiling_is_told(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    for notice in _texts_of(purpose, policy_set) if purpose.profiling else ():
        heading = notice.sections.get("automated_decisions")
        if list(notice.sections.values()).count(heading or "") != 1:
            sentence = f"profiling needs a heading of its own for automated_decisions in {notice.language!r}; write it"
            yield Problem("13(2)(f)", f"notices/{notice.id}/{notice.version}/notice.yaml", sentence)


_RULES: tuple[Callable[[Purpose, PolicySet], Iterator[Problem]], ...] = (
    _special_categories_have_a_condition,
    _condition_is_reviewed,
    _partners_are_named,
    _double_opt_in_has_a_consent,
    _refresh_comes_in_time,
    _children_have_an_age,
    _new_purpose_is_compatible,
    _profiling_is_told,
)


def _missing(texts: Mapping[str, str] | None, policy_set: PolicySet) -> str:
    return ", ".join(one for one in policy_set.controller.languages if not (texts or {}).get(one))


def _texts_of(purpose: Purpose, policy_set: PolicySet) -> list[Notice]:
    return [one for one in policy_set.notices.values() if f"{one.id}@{one.version}" == purpose.notice]


def _plain(text: str) -> str:
    """Make texts comparable whatever their line breaks and apostrophes."""
    return " ".join(text.replace("'", "’").split()).casefold()


def _file(purpose: Purpose) -> str:
    return f"purposes/{purpose.id}.yaml"
