"""The values of a package, store by store and row by row, as the tables of every form show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consentcore.errors import BadInput
from registry.documents.model import PackageItem
from registry.documents.shown import csv_text

PROVENANCES = ("provided", "observed", "derived")
WORDS = {
    "fr": {
        "field": "Donnée",
        "value": "Valeur",
        "origin": "Origine",
        "row": "ligne",
        "provided": "fournie par vous",
        "observed": "observée",
        "derived": "déduite",
    },
    "en": {
        "field": "Data",
        "value": "Value",
        "origin": "Origin",
        "row": "row",
        "provided": "provided by you",
        "observed": "observed",
        "derived": "derived",
    },
}
_STORE = re.compile(r"[a-z][a-z0-9_]{0,63}")


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


def store_csv(store: Store, lang: str) -> bytes:
    """Write a store as CSV: one line for each row, one column for each field."""
    labels: dict[str, str] = {}
    for item in (item for row in store.rows for item in row):
        labels.setdefault(item.field, item.label)
    lines: list[Sequence[str]] = [[WORDS[lang]["row"], *labels.values()]]
    lines += [[row[0].ref, *_cells(row, labels)] for row in store.rows]
    return csv_text(lines).encode()


def _cells(row: Iterable[PackageItem], fields: Iterable[str]) -> list[str]:
    values: dict[str, list[str]] = {}
    for item in row:
        values.setdefault(item.field, []).append(item.value)
    return ["\n".join(values.get(name, ())) for name in fields]


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
