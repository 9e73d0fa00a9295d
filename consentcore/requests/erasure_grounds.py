"""Whether data of one class may go: a ground of Art. 17(1) for each purpose that uses it, then the exceptions (R-17-0).

The question of Art. 17(1) comes first: where one purpose has no ground, the data stay in place as `retained`. The
exceptions of Art. 17(3) come after it: what a law still wants kept goes into the archive, with its text and last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from consentcore.policyset import LegalBasis, PolicySet, Purpose, RetentionRule
from consentcore.requests.no_ground import stated
from consentcore.requests.tables import ItemOutcome
from consentcore.retention.schedule import due_on, is_due

NO_LONGER_NEEDED = "17(1)(a)"
CONSENT_ENDED = "17(1)(b)"
OBJECTED = "17(1)(c)"
NO_GROUND = "17(1)"
CONTRACT_END = "contract_end"
REQUEST_CLOSED = "request_closed"
_OPPOSABLE = frozenset({LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of data, and why: `article` cites the GDPR, `ground` the text behind it."""

    outcome: ItemOutcome
    article: str
    ground: str | None = None
    until: date | None = None
    until_event: str | None = None
    rule: str | None = None
    """Id of the retention rule that wants the data kept."""

    @property
    def stays(self) -> bool:
        """Whether the data stay where they are."""
        return self.outcome is ItemOutcome.RETAINED


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rulings on one person rest on, frozen at one day."""

    policy: PolicySet
    today: date
    contract_open: bool
    """Whether an order or subscription of the person is open."""
    compelling: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Purpose -> compelling legitimate grounds that were recorded against the objection (Art. 21(1))."""


def rule_on(data: str, started_on: date | None, facts: Circumstances) -> Ruling:
    """Rule on data of one class that a retention period may count from `started_on` (R-17-0, R-17-1, R-17-2).

    Data that no purpose uses are no longer needed.
    """
    rulings = [_for_purpose(purpose, data, started_on, facts) for purpose in facts.policy.purposes_using(data)]
    for outcome in (ItemOutcome.RETAINED, ItemOutcome.ARCHIVED):
        kept = [ruling for ruling in rulings if ruling.outcome is outcome]
        if kept:
            return max(kept, key=lambda ruling: ruling.until or date.max)
    articles = sorted({ruling.article for ruling in rulings}) or [NO_LONGER_NEEDED]
    return Ruling(ItemOutcome.ERASED, ", ".join(articles))


def rule_on_evidence(data: str, last_used_on: date | None, facts: Circumstances) -> Ruling:
    """Rule on what is kept as evidence or for a term of its own: always retained, by the rule of its class.

    A period whose start lies ahead, or that has no end, is told by the event that it waits for.
    Classes without a rule of their own (references, leaves of the log) stay as long as the file of the request.
    """
    rules = facts.policy.retention_for(data) or facts.policy.retention_for("request")
    if not rules:
        return Ruling(ItemOutcome.RETAINED, "17(3)(e)", until_event=REQUEST_CLOSED)
    rule = rules[0]
    until = due_on(rule, last_used_on, facts.policy.controller) if last_used_on is not None else None
    event = None if until is not None else rule.starts if rule.period is not None else "opposition_lifted"
    return Ruling(ItemOutcome.RETAINED, rule.article, rule.legal_text, until, event, rule.id)


def _for_purpose(purpose: Purpose, data: str, started_on: date | None, facts: Circumstances) -> Ruling:
    if purpose.basis is LegalBasis.CONSENT:
        return Ruling(ItemOutcome.ERASED, CONSENT_ENDED)
    if purpose.basis in _OPPOSABLE:
        return _for_interest(purpose, facts)
    if purpose.basis is LegalBasis.LEGAL_OBLIGATION:
        return _for_obligation(purpose, data, started_on, facts)
    if purpose.basis is LegalBasis.CONTRACT and not facts.contract_open:
        return Ruling(ItemOutcome.ERASED, NO_LONGER_NEEDED)
    return Ruling(ItemOutcome.RETAINED, NO_GROUND, stated(purpose), until_event=purpose.ends or CONTRACT_END)


def _for_interest(purpose: Purpose, facts: Circumstances) -> Ruling:
    grounds = facts.compelling.get(purpose.id)
    if grounds is None:
        return Ruling(ItemOutcome.ERASED, OBJECTED)
    ground = stated(purpose, compelling=True)
    return Ruling(ItemOutcome.RETAINED, NO_GROUND, ground, until_event=purpose.ends or "relation_end")


def _for_obligation(purpose: Purpose, data: str, started_on: date | None, facts: Circumstances) -> Ruling:
    ends = [
        (rule, due_on(rule, started_on or facts.today, facts.policy.controller))
        for rule in facts.policy.retention_for(data)
        if rule.purpose in (None, purpose.id)
    ]
    running = [(rule, end) for rule, end in ends if not is_due(end, facts.today)]
    if not running:
        return Ruling(ItemOutcome.ERASED, NO_LONGER_NEEDED)
    rule, end = max(running, key=_end)
    event = rule.starts if end is None else None
    return Ruling(ItemOutcome.ARCHIVED, rule.article, rule.legal_text, end, event, rule.id)


def _end(kept: tuple[RetentionRule, date | None]) -> date:
    return kept[1] or date.max
