"""What an erasure has to leave, said before it is asked for: the organisation's rules in words (Art. 17(3))."""

from __future__ import annotations

from dataclasses import dataclass

from consentcore.policyset import PolicySet
from registry.wording import EVENTS, period_in_words, said, text_in

_EXCEPTION = "17(3)"


@dataclass(frozen=True, slots=True)
class KeptByLaw:
    """One class of data that stays after an erasure: its name, how long from when, on which text."""

    name: str
    period: str
    starts: str
    legal_text: str


def kept_by_law(policy: PolicySet, lang: str) -> tuple[KeptByLaw, ...]:
    """Return what the rules keep under an exception of Art. 17(3), in the order of their file."""
    return tuple(
        KeptByLaw(
            text_in(policy.data_classes.get(rule.data, {}), lang) or rule.data,
            period_in_words(rule.period, lang),
            said(EVENTS, rule.starts, lang),
            rule.legal_text,
        )
        for rule in policy.retention.values()
        if rule.article.startswith(_EXCEPTION)
    )
