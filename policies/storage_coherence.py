"""What must fit together about keeping and passing on data, each rule with the article that asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from consentcore.policyset import LegalBasis, PolicySet, Purpose, Recipient, RecipientKind, RetentionRule
from policies.problems import Problem

_RETENTION = "retention.yaml"
_RECIPIENTS = "recipients.yaml"


def check(policy_set: PolicySet) -> Iterator[Problem]:
    """Find what does not fit between purposes, data classes, retention, recipients and deadlines (R-RET-1, R-30-1)."""
    for purpose in policy_set.purposes.values():
        yield from _purpose_data(purpose, policy_set)
        yield from _purpose_recipients(purpose, policy_set)
        if purpose.ends and purpose.basis is not LegalBasis.CONTRACT:
            sentence = f"ends is the event that ends a contract; on {purpose.basis} write a retention rule instead"
            yield Problem("6(1)(b)", _file(purpose), sentence)
    for name, titles in policy_set.data_classes.items():
        yield from _is_translated(f"{_RETENTION}, classes.{name}", titles, policy_set)
    for rule in policy_set.retention.values():
        yield from _rule(rule, policy_set)
    for recipient in policy_set.recipients.values():
        yield from _recipient(recipient, policy_set)
    for pack in policy_set.deadlines.values():
        if pack.effective_on > policy_set.effective_on:
            sentence = "takes effect after the policies that use it; correct one of the dates"
            yield Problem("12(3)", f"deadlines/{pack.country.lower()}.yaml", sentence)


def _purpose_data(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    for data in sorted(purpose.data):
        if data not in policy_set.data_classes:
            yield Problem("30(1)(c)", _file(purpose), f"uses the data class {data}, which {_RETENTION} does not name")
        elif not purpose.ends and not any(
            rule.purpose in (None, purpose.id) for rule in policy_set.retention_for(data)
        ):
            sentence = f"keeps {data} without end; write a rule in {_RETENTION}, or ends for a contract"
            yield Problem("5(1)(e)", _file(purpose), sentence)


def _purpose_recipients(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    for name in purpose.recipients:
        if name not in policy_set.recipients:
            yield Problem("30(1)(d)", _file(purpose), f"names the recipient {name}, which {_RECIPIENTS} does not hold")


def _rule(rule: RetentionRule, policy_set: PolicySet) -> Iterator[Problem]:
    where = f"{_RETENTION}, rules.{rule.id}"
    if rule.data not in policy_set.data_classes:
        yield Problem("30(1)(f)", where, f"is for the data class {rule.data}, which classes does not name; add it")
    if rule.purpose is None:
        return
    purpose = policy_set.purposes.get(rule.purpose)
    if purpose is None:
        yield Problem("5(1)(e)", where, f"is for the purpose {rule.purpose}, which is not there; correct it")
    elif rule.data not in purpose.data:
        yield Problem("5(1)(e)", where, f"is for {rule.data}, which {rule.purpose} does not use; correct one of them")


def _recipient(recipient: Recipient, policy_set: PolicySet) -> Iterator[Problem]:
    where = f"{_RECIPIENTS}, recipients.{recipient.id}"
    yield from _is_translated(where, recipient.name, policy_set)
    if recipient.email is None and recipient.kind is not RecipientKind.AUTHORITY:
        yield Problem("19", where, "could not be told of an erasure; write its email")


def _is_translated(where: str, names: Mapping[str, str], policy_set: PolicySet) -> Iterator[Problem]:
    for language in policy_set.controller.languages:
        if language not in names:
            yield Problem("12(1)", where, f"its name is wanted in {language!r}; write it")


def _file(purpose: Purpose) -> str:
    return f"purposes/{purpose.id}.yaml"
