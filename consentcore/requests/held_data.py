"""What is held of one person as values that can be read: the copy of the data, with where each came from (15(3))."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from consentcore.clock import iso
from consentcore.columns import INFO_KEY, Category, Provenance
from consentcore.crm.transactions import RETENTION as TRANSACTION
from consentcore.crm.transactions import data_class_of
from consentcore.db import Base
from consentcore.policyset import PolicySet
from consentcore.requests.locate import Located
from consentcore.requests.opening import LocatedRow
from consentcore.retention.tables import ARCHIVED

_STAFF = frozenset({"by", "actor"})
"""Keys of sealed documents that name members of staff: not the person's own data (C-579/21, Art. 15(4))."""
_PROVENANCES = "cc_provenance"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One value about the person: where it stands, what it is, how the controller came by it, where from."""

    store: str
    ref: str
    field: str
    value: str
    category: Category
    data: str
    """Data class that retention rules govern."""
    provenance: Provenance
    source: str | None = None
    """Name of the source that the row was taken from, in that source's own words where it has some (15(1)(g))."""
    obtained_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Origin:
    source: str
    obtained_on: date | None


def data_items(located: Located, policy: PolicySet) -> Iterator[DataItem]:
    """Yield every readable value of what was located, by store, row and field.

    Left out: keyed hashes and internal references (nothing to read), names of staff, and what is not personal.
    """
    origins = _origins(located)
    for row in located.rows:
        infos = _declared(row.store)
        origin = origins.get(row.ref) or origins.get(row.values.get("contact_id"))
        for name, value in row.values.items():
            info = infos.get(name, {})
            if not info.get("personal") or value in (None, "") or _only_a_reference(row, info):
                continue
            if info["identifies"] != "subject":
                continue
            yield from _values(row, name, value, info, class_of(row, info, policy), origin)


def class_of(row: LocatedRow, info: Mapping[str, Any], policy: PolicySet) -> str:
    """Return the data class that governs one column of a row: an archived row keeps that of where it came from."""
    if row.store == ARCHIVED.name:
        rule = policy.retention.get(str(row.values.get("rule")))
        return rule.data if rule else str(info["retention"])
    data = str(info["retention"])
    return data_class_of(str(row.values.get("kind"))) if data == TRANSACTION else data


def classes_of(located: Located, policy: PolicySet) -> frozenset[str]:
    """Return the data classes of which something stands on the person."""
    found: set[str] = set()
    for row in located.rows:
        infos = _declared(row.store).values()
        found.update(class_of(row, info, policy) for info in infos if info.get("personal"))
    return frozenset(found)


def _declared(store: str) -> dict[str, Mapping[str, Any]]:
    table = Base.metadata.tables.get(store)
    return {column.name: column.info.get(INFO_KEY, {}) for column in table.columns} if table is not None else {}


def _only_a_reference(row: LocatedRow, info: Mapping[str, Any]) -> bool:
    return info["category"] is Category.PSEUDONYM and row.store != "cc_subject"


def _origins(located: Located) -> dict[UUID | None, _Origin]:
    found: dict[UUID | None, _Origin] = {}
    for row in located.of_store(_PROVENANCES):
        source = row.values.get("source_text") or row.values["source"]
        found[row.values["row_id"]] = _Origin(str(source), row.values.get("obtained_on"))
    return found


def _values(
    row: LocatedRow, name: str, value: Any, info: Mapping[str, Any], data: str, origin: _Origin | None
) -> Iterator[DataItem]:
    store, ref = row.store, str(row.ref or "")
    parts: Iterator[tuple[str, str]] = iter([(name, _text(value))])
    if store == ARCHIVED.name:
        store, ref = str(row.values["store"]), str(row.values["source_id"])
        parts = _parts("", _document(value))
    elif isinstance(value, (str, Mapping)):
        document = _document(value)
        parts = _parts(name, document) if isinstance(document, Mapping) else parts
    for field, text in parts:
        yield DataItem(
            store=store,
            ref=ref,
            field=field,
            value=text,
            category=info["category"],
            data=data,
            provenance=info["provenance"],
            source=origin.source if origin else None,
            obtained_on=origin.obtained_on if origin else None,
        )


def _document(value: Any) -> Any:
    """Return a sealed document as what it holds, and any other text as it is."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _parts(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _STAFF:
                yield from _parts(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value, start=1):
            yield from _parts(f"{prefix}.{place}", inner)
    elif value not in (None, ""):
        yield prefix, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
