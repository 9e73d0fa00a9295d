"""Rules of retention in words, and what is due under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consentcore.policyset import PolicySet, RetentionRule
from consentcore.retention.sweep import DueItem
from registry.register_data import limit_in_words
from registry.store_words import store_label
from registry.wording import EVENTS, RULE_STATUSES, period_in_words, said, text_in
from web.console.articles import article_note
from web.console.decision_words import purpose_title
from web.console.typography import set_here
from web.shell.language import gettext as _
from web.shell.language import language, ngettext

PERSONS = "cc_contact"
"""The store whose due items are persons."""


@dataclass(frozen=True, slots=True)
class ShownRule:
    """One rule as a page shows it."""

    id: str
    data: str
    purpose: str
    period: str
    starts: str
    limit: str
    legal_text: str
    article: str
    status: str
    to_confirm: bool


@dataclass(frozen=True, slots=True)
class ShownDue:
    """What is due under one rule in one store."""

    rule: str
    what: str
    limit: str
    legal_text: str
    count: int


def shown_rules(policy: PolicySet) -> list[ShownRule]:
    """Return the rules in force, in the order of the policies."""
    return [_rule(rule, policy) for rule in policy.retention.values()]


def shown_due(items: Iterable[DueItem], policy: PolicySet) -> list[ShownDue]:
    """Return due items with their rules, the most first."""
    found = [_due(item, policy) for item in items]
    return sorted(found, key=lambda one: -one.count)


def rule_title(rule_id: str, policy: PolicySet) -> str:
    """Return what a rule is about: the name of its class of data; the id of a rule that is no longer in force."""
    rule = policy.retention.get(rule_id)
    return (
        rule_id if rule is None else set_here(text_in(policy.data_classes.get(rule.data, {}), language())) or rule.data
    )


def _rule(rule: RetentionRule, policy: PolicySet) -> ShownRule:
    lang = language()
    purpose = policy.purposes.get(rule.purpose or "")
    return ShownRule(
        id=rule.id,
        data=rule_title(rule.id, policy),
        purpose=purpose_title(purpose) if purpose else "",
        period=period_in_words(rule.period, lang),
        starts=said(EVENTS, rule.starts, lang),
        limit=set_here(limit_in_words(rule, lang)),
        legal_text=set_here(rule.legal_text),
        article=article_note(rule.article),
        status=said(RULE_STATUSES, rule.status, lang),
        to_confirm=bool(rule.unconfirmed),
    )


def _due(item: DueItem, policy: PolicySet) -> ShownDue:
    rule = policy.retention.get(item.rule)
    return ShownDue(
        rule=rule_title(item.rule, policy),
        what=_what(item),
        limit=set_here(limit_in_words(rule, language())) if rule else "",
        legal_text=set_here(rule.legal_text) if rule else _("This rule is no longer in force."),
        count=item.count,
    )


def _what(item: DueItem) -> str:
    if item.store == PERSONS:
        return ngettext("person, with contact record", "persons, with contact records", item.count)
    return store_label(item.store, language())
