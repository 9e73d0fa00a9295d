"""The values of a package, store by store and row by row, as the tables of every form show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from consentcore.errors import BadInput
from registry.documents.model import PackageItem
from registry.documents.shown import csv_text
from registry.store_words import file_stem
from registry.wording import date_in_words

PROVENANCES = ("provided", "observed", "derived")
WORDS = {
    "fr": {
        "field": "Donnée",
        "value": "Valeur",
        "origin": "Origine",
        "colon": "\u202f: ",
        "shared": "points communs",
        "each": "une ligne chacune",
        "row": "ligne",
        "provided": "fournie par vous",
        "observed": "observée",
        "derived": "déduite",
    },
    "en": {
        "field": "Data",
        "value": "Value",
        "origin": "Origin",
        "colon": ": ",
        "shared": "in common",
        "each": "row by row",
        "row": "row",
        "provided": "provided by you",
        "observed": "observed",
        "derived": "derived",
    },
}
WIDEST = 6
"""Columns that a table has room for on paper; rows with more stand one below another."""
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}):\d{2}(?:\.\d+)?Z)?")
_STORE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class WordedItem(PackageItem):
    """A value with what a person reads of it: a code in words, an internal reference not at all."""

    said: str = ""
    """The value in words; empty where it is shown as it is held."""
    technical: bool = False
    """Whether it stands in the exact data alone."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as people read it: what all rows share (or one row whole) in pairs, what differs in a grid."""

    pairs: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    origins: tuple[tuple[str, str], ...] = ()
    """(Labels, origin); no labels where all the values have one origin."""


@dataclass(frozen=True, slots=True)
class Store:
    """One store with its rows, each the values that stand together."""

    id: str
    label: str
    rows: tuple[tuple[PackageItem, ...], ...]


def stores_of(items: Iterable[PackageItem], labels: Mapping[str, str]) -> tuple[Store, ...]:
    """Group values by store and row, each in the order of its first value.

    Raises: BadInput when a store's id could not name a file, or a provenance is unknown.
    """
    found: dict[str, dict[str, list[PackageItem]]] = {}
    for item in items:
        if not _STORE.fullmatch(item.store):
            raise BadInput("the id of a store is written in a-z, 0-9 and _, at most 64 of them")
        if item.provenance not in PROVENANCES:
            raise BadInput(f"store {item.store}: a provenance is one of {', '.join(PROVENANCES)}")
        found.setdefault(item.store, {}).setdefault(item.ref, []).append(item)
    return tuple(
        Store(name, labels.get(name, name), tuple(tuple(row) for row in rows.values())) for name, rows in found.items()
    )


def readable(stores: Iterable[Store]) -> tuple[Store, ...]:
    """Return the stores with what a person can read: without internal references, and without what then is empty."""
    found = []
    for store in stores:
        rows = (tuple(one for one in row if not getattr(one, "technical", False)) for row in store.rows)
        found.append(Store(store.id, store.label, tuple(row for row in rows if row)))
    return tuple(store for store in found if store.rows)


def file_names(stores: Sequence[Store]) -> dict[str, str]:
    """Return the stem of the file of each store by its id; no two are the same."""
    ids = {store.id for store in stores}
    return {one: one if (stem := file_stem(one)) in ids or not _STORE.fullmatch(stem) else stem for one in ids}


def sheets(store: Store, lang: str) -> tuple[Sheet, ...]:
    """Return the tables in which a store is read: rows with fields in common stand in one."""
    groups: list[list[tuple[PackageItem, ...]]] = []
    for row in store.rows:
        fields = {item.field for item in row}
        like = next((one for one in groups if fields & {item.field for other in one for item in other}), None)
        groups.append([row]) if like is None else like.append(row)
    return tuple(sheet for group in groups for sheet in _sheets_of(group, lang))


def _sheets_of(rows: Sequence[Sequence[PackageItem]], lang: str) -> Iterable[Sheet]:
    if len(rows) == 1 or all(len(row) == 1 for row in rows):
        items = [item for row in rows for item in row]
        values: dict[str, list[str]] = {}
        for item in items:
            values.setdefault(item.label, []).append(_read(item, lang))
        pairs = tuple((label, _joined(said)) for label, said in values.items())
        return [Sheet(pairs=pairs, origins=_origins(items, lang))]
    rows = sorted(rows, key=lambda row: next((item.value for item in row if _DAY.fullmatch(item.value)), ""))
    lines = [_by_label(row, lang) for row in rows]
    labels = list(dict.fromkeys(label for line in lines for label in line))
    shared = [label for label in labels if len({line.get(label) for line in lines}) == 1]
    head = [label for label in labels if label not in shared]
    if len(head) > WIDEST:
        return [sheet for row in rows for sheet in _sheets_of([row], lang)]
    if not head:
        head, shared = labels[:WIDEST], labels[WIDEST:]
    grid = tuple(cells for line in lines if any(cells := tuple(line.get(label, "") for label in head)))
    items = [item for row in rows for item in row]
    return [Sheet(tuple((label, lines[0][label]) for label in shared), tuple(head), grid, _origins(items, lang))]


def _by_label(row: Iterable[PackageItem], lang: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for item in row:
        found.setdefault(item.label, []).append(_read(item, lang))
    return {label: _joined(values) for label, values in found.items()}


def _joined(values: Sequence[str]) -> str:
    return (", " if max(map(len, values)) < 20 else "\n").join(values)


def _said(item: PackageItem) -> str:
    return getattr(item, "said", "") or item.value


def _read(item: PackageItem, lang: str) -> str:
    text = _said(item)
    found = _DAY.fullmatch(text)
    if found is None:
        return text
    try:
        day = date_in_words(date.fromisoformat(found[1]), lang)
    except ValueError:
        return text
    return f"{day}, {found[2]} UTC" if found[2] else day


def _origins(items: Iterable[PackageItem], lang: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, dict[str, None]] = {}
    for item in items:
        parts = [WORDS[lang][item.provenance], item.source]
        parts.append(date_in_words(item.obtained_on, lang) if item.obtained_on else "")
        found.setdefault(", ".join(part for part in parts if part), {})[item.label] = None
    if len(found) == 1:
        return (("", next(iter(found))),)
    return tuple((", ".join(labels), origin) for origin, labels in found.items())


def store_csv(store: Store, lang: str) -> bytes:
    """Write a store as CSV: one line for each row, one column for each field as a person calls it."""
    names = list(dict.fromkeys((item.field, item.label) for row in store.rows for item in row))
    lines: list[Sequence[str]] = [[WORDS[lang]["row"], *(label for _, label in names)]]
    lines += [[str(number), *_cells(row, names)] for number, row in enumerate(store.rows, start=1)]
    return csv_text(lines).encode()


def _cells(row: Iterable[PackageItem], names: Iterable[tuple[str, str]]) -> list[str]:
    values: dict[tuple[str, str], list[str]] = {}
    for item in row:
        values.setdefault((item.field, item.label), []).append(_said(item))
    return ["\n".join(values.get(name, ())) for name in names]


def stores_as_data(stores: Iterable[Store]) -> list[dict[str, object]]:
    """Return stores as JSON-ready data, every value exactly as it is held."""
    return [
        {
            "store": store.id,
            "label": store.label,
            "rows": [{"ref": row[0].ref, "values": [_item(one) for one in row]} for row in store.rows],
        }
        for store in stores
    ]


def _item(item: PackageItem) -> dict[str, object]:
    return {
        "field": item.field,
        "label": item.label,
        "value": item.value,
        "provenance": item.provenance,
        "source": item.source,
        "obtained_on": item.obtained_on.isoformat() if item.obtained_on else None,
    }
