"""What must fit together about reaching people, each rule with the law that asks for it (R-FR-1, R-FR-2, R-FR-3)."""

from __future__ import annotations

from collections.abc import Iterator

from consentcore.policyset import Channel, ContactRules, LegalBasis, PolicySet, Purpose, Rule
from policies.problems import Problem

MAIL = frozenset({Channel.EMAIL, Channel.SMS})
"""Electronic mail in the sense of Directive 2002/58, art. 2(h)."""
_DIRECTIVE = "13(2) of Directive 2002/58"


def check(policy_set: PolicySet) -> Iterator[Problem]:
    """Find what does not fit between purposes and the rules of the controller's country on reaching people."""
    for purpose in policy_set.purposes.values():
        yield from _marketing_is_called_so(purpose)
        yield from _soft_opt_in(purpose, policy_set)
        yield from _professionals(purpose, policy_set)
        yield from _without_consent(purpose, policy_set)
        yield from _sector(purpose, policy_set)
        yield from _about_contract(purpose)
    for rules in policy_set.contact_rules.values():
        if rules.effective_on > policy_set.effective_on:
            sentence = "takes effect after the policies that use it; correct one of the dates"
            yield Problem("13 of Directive 2002/58", f"contact_rules/{rules.country.lower()}.yaml", sentence)


def _home(policy_set: PolicySet) -> ContactRules | None:
    return policy_set.contact_rules_for(None)


def _marketing_is_called_so(purpose: Purpose) -> Iterator[Problem]:
    if purpose.marketing is False and purpose.rule in (Rule.SOFT_OPT_IN, Rule.B2B):
        sentence = f"rule {purpose.rule} is an exception for direct marketing; remove marketing: false"
        yield Problem("21(2)", _file(purpose), sentence)


def _soft_opt_in(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.rule is not Rule.SOFT_OPT_IN:
        return
    if purpose.basis is not LegalBasis.LEGITIMATE_INTEREST:
        yield Problem(_DIRECTIVE, _file(purpose), "rule soft_opt_in needs basis legitimate_interest; change one")
    if not purpose.channels <= MAIL:
        sentence = "rule soft_opt_in covers electronic mail: email and sms; remove the rest"
        yield Problem(_DIRECTIVE, _file(purpose), sentence)
    if not purpose.legal_text:
        sentence = "rule soft_opt_in needs the national law that allows it; write legal_text"
        yield Problem(_DIRECTIVE, _file(purpose), sentence)
    rules = _home(policy_set)
    if rules is None or not rules.customers_exempt:
        yield Problem(_DIRECTIVE, _file(purpose), _not_exempt("soft_opt_in", "customers", policy_set))


def _professionals(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.rule is not Rule.B2B:
        return
    if purpose.basis is not LegalBasis.LEGITIMATE_INTEREST:
        yield Problem("6(1)(f)", _file(purpose), "rule b2b needs basis legitimate_interest; change one")
    rules = _home(policy_set)
    if rules is None or not rules.professionals_exempt:
        article = "13(5) of Directive 2002/58"
        yield Problem(article, _file(purpose), _not_exempt("b2b", "professionals", policy_set))


def _not_exempt(rule: str, whom: str, policy_set: PolicySet) -> str:
    country = policy_set.controller.country
    return (
        f"rule {rule} needs a country that exempts {whom}; contact_rules/{country.lower()}.yaml does not: take opt_in"
    )


def _without_consent(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    # Profiling reaches nobody by itself: its channels say where its results serve, and each of those purposes is
    # checked for itself.
    if not purpose.is_marketing or purpose.profiling or purpose.rule is not Rule.BASIS:
        return
    mail = ", ".join(sorted(purpose.channels & MAIL))
    if mail:
        sentence = f"sells over {mail} without consent or an exception; take rule opt_in, soft_opt_in or b2b"
        yield Problem("13(1) of Directive 2002/58", _file(purpose), sentence)
    rules = _home(policy_set)
    if Channel.PHONE not in purpose.channels or (rules is not None and not _calls_need_consent(rules, policy_set)):
        return
    if rules is None:
        sentence = "sells over the phone without consent in a country without contact_rules; rest it on consent"
        yield Problem("13(3) of Directive 2002/58", _file(purpose), sentence)
        return
    sentence = f"calls consumers to sell without consent, which contact_rules/{rules.country.lower()}.yaml asks for"
    law = "L223-1 C. conso." if rules.country == "FR" else "13(3) of Directive 2002/58"
    yield Problem(law, _file(purpose), f"{sentence}; rest it on consent, or leave the phone out")


def _calls_need_consent(rules: ContactRules, policy_set: PolicySet) -> bool:
    since = rules.phone.consent_from
    return since is not None and since <= policy_set.effective_on


def _about_contract(purpose: Purpose) -> Iterator[Problem]:
    if purpose.about_contract and Channel.PHONE not in purpose.channels:
        sentence = "about_contract is a word of the rules on calls, and it has no channel phone; remove it"
        yield Problem("L223-1 C. conso.", f"purposes/{purpose.id}.yaml", sentence)


def _sector(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.sector is None:
        return
    known = {sector for rules in policy_set.contact_rules.values() for sector in rules.phone.banned_sectors}
    if purpose.sector not in known:
        named = ", ".join(sorted(known)) or "none"
        sentence = f"names the sector {purpose.sector}, which no contact_rules know (known: {named}); correct it"
        yield Problem("5(1)(a)", _file(purpose), sentence)


def _file(purpose: Purpose) -> str:
    return f"purposes/{purpose.id}.yaml"
