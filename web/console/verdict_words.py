"""What becomes of a person's data, grouped as people read it: what goes, what stays and why, store by store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consentcore.policyset import PolicySet
from consentcore.requests.items import KEPT, Item
from consentcore.requests.no_ground import still_needed
from consentcore.requests.tables import ItemOutcome
from registry.store_words import field_label, is_technical, place_of, store_label
from registry.wording import EVENTS, said, text_in
from web.console.articles import article_note
from web.console.request_words import item_in_words
from web.shell.language import gettext as _
from web.shell.language import language, later, long_day, ngettext

GOING = frozenset({ItemOutcome.ERASED, ItemOutcome.ANONYMISED})
_WHOLE = "*"
_PURPOSE_ITEMS = frozenset({"cc_suppression", "cc_objection"})
_MARKETING = "marketing"
STORE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "cc_consent_record": later("Choices, one after another"),
        "cc_consent_state": later("Choices as they stand"),
        "cc_external_id": later("Identifiers in other systems"),
        "cc_log_content": later("Proofs of choices and requests"),
        "cc_objection": later("Objections"),
        "cc_provenance": later("Origin of the data"),
        "cc_request": later("File of the request"),
        "cc_request_transition": later("Progress of the request"),
    }
)
"""Stores whose name for the person speaks to that person: what staff call them."""


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One store of a group: what it is called, how much of it, which fields where it is not all."""

    label: str
    count: str
    fields: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Data that share one fate: the word for it, why, under which article, until when, and in which stores."""

    outcome: str
    why: str
    cite: str
    until: str
    stores: tuple[StoreLine, ...]


def going(items: Iterable[Item], policy: PolicySet) -> tuple[Verdicts, ...]:
    """Return what goes, by ground of Art. 17(1)."""
    return _grouped([item for item in items if item.outcome in GOING], policy)


def staying(items: Iterable[Item], policy: PolicySet) -> tuple[Verdicts, ...]:
    """Return what stays, by ground, article and end."""
    return _grouped([item for item in items if item.outcome in KEPT], policy)


def others(items: Iterable[Item], policy: PolicySet) -> tuple[Verdicts, ...]:
    """Return what neither goes nor stays: corrected, done, not found."""
    return _grouped([item for item in items if item.outcome not in GOING | KEPT], policy)


def count_rows(items: Iterable[Item]) -> int:
    """Return how many rows some verdicts are about; a verdict on a whole store counts as one."""
    return len({(item.store, item.ref) for item in items})


def _grouped(items: Iterable[Item], policy: PolicySet) -> tuple[Verdicts, ...]:
    groups: dict[tuple[object, ...], list[Item]] = {}
    for item in sorted(items, key=lambda one: place_of(one.store)):
        key = (item.outcome, item.ground, item.article, item.until, item.until_event)
        groups.setdefault(key, []).append(item)
    return tuple(_group(found, policy) for found in groups.values())


def _group(items: list[Item], policy: PolicySet) -> Verdicts:
    first = items[0]
    stores = dict.fromkeys(item.store for item in items)
    return Verdicts(
        outcome=item_in_words(first.outcome),
        why=_why(first, policy),
        cite=article_note(first.article) if first.article else "",
        until=_until(first),
        stores=tuple(_line(store, [item for item in items if item.store == store], policy) for store in stores),
    )


def _line(store: str, items: list[Item], policy: PolicySet) -> StoreLine:
    if store == _WHOLE:
        return StoreLine(_("All data looked for"), "")
    if store in _PURPOSE_ITEMS and items[0].field != _WHOLE:
        scopes = dict.fromkeys(_scope(item.field, policy) for item in items)
        return StoreLine(_store(store), "", ", ".join(scopes))
    rows = len({item.ref for item in items if item.ref is not None})
    count = ngettext("%(num)s row", "%(num)s rows", rows) if rows else ""
    shown = [item.field for item in items if item.field != _WHOLE and not is_technical(item.field)]
    labels = dict.fromkeys(field_label(store, field, language()).lower() for field in shown)
    return StoreLine(_store(store), count, ", ".join(labels))


def _store(store: str) -> str:
    return _(STORE_WORDS[store]) if store in STORE_WORDS else store_label(store, language())


def _scope(code: str, policy: PolicySet) -> str:
    if code == _MARKETING:
        return _("marketing")
    return _purpose(code, policy)


def _purpose(purpose_id: str, policy: PolicySet) -> str:
    purpose = policy.purposes.get(purpose_id)
    return text_in(purpose.title, language()) if purpose else purpose_id


def _why(item: Item, policy: PolicySet) -> str:
    if item.outcome in GOING:
        return _grounds_of_erasure(item.article or "")
    found = still_needed(item.ground)
    if found is None:
        return item.ground or ""
    title = _purpose(found.purpose, policy)
    if found.compelling:
        return _("Compelling grounds were recorded for “%(purpose)s”.", purpose=title)
    return _(
        "Still needed for “%(purpose)s” (%(article)s): no ground for erasure is met.",
        purpose=title,
        article=article_note(found.article),
    )


def _grounds_of_erasure(articles: str) -> str:
    words = {
        "17(1)(a)": _("no longer needed"),
        "17(1)(b)": _("the consent ended"),
        "17(1)(c)": _("the person objects"),
        "17(1)(d)": _("processed unlawfully"),
    }
    found = [words[one.strip()] for one in articles.split(",") if one.strip() in words]
    text = ", ".join(found)
    return text[:1].upper() + text[1:]


def _until(item: Item) -> str:
    if item.until is not None:
        return _("until %(day)s", day=long_day(item.until))
    if item.until_event == "opposition_lifted":
        return _("as long as the objection stands")
    if item.until_event:
        return _("counted from: %(event)s", event=said(EVENTS, item.until_event, language()))
    return ""
