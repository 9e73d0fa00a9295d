"""Mails that ask to confirm a consent, or whether it still stands: plain words in the controller's languages.

Each says who asks, for what, until when, and what happens if nobody does anything. What is to be confirmed may have
been asked for by anybody, so the mail says nothing of the person and offers nothing but the question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from consentcore.consent.tables import ConsentRecord
from consentcore.policyset import Controller, PolicySet, Purpose
from registry.wording import date_in_words, period_in_words, text_in

Address = Callable[[str], str]
"""The address of a page in a language."""

_CONFIRM: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Confirmez votre choix",
            "Quelqu'un, sans doute vous, a demandé à __WHO__ d'utiliser cette adresse pour :\n\n"
            "__TITLE__\n__TEXT__\n\n"
            "Pour confirmer, ouvrez cette page et appuyez sur le bouton :\n__LINK__\n\n"
            "Le lien sert une seule fois, jusqu'au __UNTIL__. Ouvrir la page ne change rien.\n\n"
            "Ce n'était pas vous ? Ne faites rien : sans confirmation, nous ne vous enverrons rien de tel.",
        ),
        "en": (
            "Confirm your choice",
            "Somebody, probably you, asked __WHO__ to use this address for:\n\n"
            "__TITLE__\n__TEXT__\n\n"
            "To confirm, open this page and press the button:\n__LINK__\n\n"
            "The link works once, until __UNTIL__. Opening the page changes nothing.\n\n"
            "It was not you? Do nothing: without a confirmation we will send you nothing of the kind.",
        ),
    }
)
_REMIND: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Toujours d'accord ?",
            "Le __SINCE__, vous avez dit oui à __WHO__ pour :\n\n"
            "__TITLE__\n__TEXT__\n\n"
            "Après __PERIOD__, nous vous demandons si cela vaut toujours.\n\n"
            "Pour continuer, ouvrez cette page avant le __UNTIL__ et appuyez sur le bouton :\n__LINK__\n\n"
            "Pour arrêter, à tout moment et sans vous connecter :\n__STOP__\n\n"
            "__SILENCE__",
        ),
        "en": (
            "Do you still agree?",
            "On __SINCE__ you said yes to __WHO__ for:\n\n"
            "__TITLE__\n__TEXT__\n\n"
            "After __PERIOD__ we ask you whether that still holds.\n\n"
            "To go on, open this page before __UNTIL__ and press the button:\n__LINK__\n\n"
            "To stop, at any time and without signing in:\n__STOP__\n\n"
            "__SILENCE__",
        ),
    }
)
_SILENCE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Si vous ne faites rien, rien ne change jusqu'au __END__ ; votre accord prend fin ce jour-là.",
            "Si vous ne faites rien, rien ne change.",
        ),
        "en": (
            "If you do nothing, nothing changes until __END__; your agreement ends on that day.",
            "If you do nothing, nothing changes.",
        ),
    }
)


def to_confirm(policy: PolicySet, purpose: Purpose, link: Address, until: datetime) -> tuple[str, str]:
    """Return subject and text of the mail that asks to confirm a consent; `link` gives its page in a language."""

    def values(lang: str) -> dict[str, str]:
        return {**_about(policy, purpose, lang), "UNTIL": _day(policy, until, lang), "LINK": link(lang)}

    return _mail(policy.controller, _CONFIRM, values)


def to_renew(
    policy: PolicySet, purpose: Purpose, link: Address, stop: Address, record: ConsentRecord, until: datetime
) -> tuple[str, str]:
    """Return subject and text of the mail that asks whether a consent still stands.

    `link` and `stop` give the pages that renew and end it; `record` is the declaration that stands, `until` when the
    link to renew no longer works.
    """

    def values(lang: str) -> dict[str, str]:
        with_end, without = _SILENCE[lang]
        silence = (
            without if record.expires_at is None else with_end.replace("__END__", _day(policy, record.expires_at, lang))
        )
        return {
            **_about(policy, purpose, lang),
            "SINCE": _day(policy, record.at, lang),
            "PERIOD": period_in_words(purpose.refresh, lang),
            "UNTIL": _day(policy, until, lang),
            "SILENCE": silence,
            "STOP": stop(lang),
            "LINK": link(lang),
        }

    return _mail(policy.controller, _REMIND, values)


def _about(policy: PolicySet, purpose: Purpose, lang: str) -> dict[str, str]:
    return {
        "WHO": policy.controller.name,
        "TITLE": text_in(purpose.title, lang),
        "TEXT": text_in(purpose.description, lang).strip(),
    }


def _day(policy: PolicySet, instant: datetime, lang: str) -> str:
    day: date = instant.astimezone(ZoneInfo(policy.controller.timezone)).date()
    return date_in_words(day, lang)


def _mail(
    controller: Controller, texts: Mapping[str, tuple[str, str]], values: Callable[[str], Mapping[str, str]]
) -> tuple[str, str]:
    languages = [one for one in controller.languages if one in texts] or [next(iter(texts))]
    parts = [part for lang in languages for part in (texts[lang][0], _filled(texts[lang][1], values(lang)))]
    parts.append(f"{controller.name}\n{controller.address}\n{controller.dpo_email}")
    return " / ".join(texts[lang][0] for lang in languages), "\n\n".join(parts) + "\n"


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"__{name}__", value)
    return text
