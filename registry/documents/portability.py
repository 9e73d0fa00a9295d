"""The package that a person takes along: JSON with its schema, CSV and vCard (Art. 20, R-20-1, R-20-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from consentcore.clock import iso, to_second
from consentcore.errors import PolicyViolation
from consentcore.policyset import Controller
from registry.documents.bundle import json_bytes, zip_bytes
from registry.documents.model import PortabilityData
from registry.documents.package import README
from registry.documents.rendering import fill
from registry.documents.stores import Store, file_names, readable, store_csv, stores_as_data, stores_of
from registry.documents.vcard import vcard_bytes
from registry.wording import check_language

FORMAT = "consentcore portability package 1"
_TEXT = {"type": "string"}
_DAY = {"type": ["string", "null"], "format": "date"}


def build_portability_package(data: PortabilityData, controller: Controller, lang: str, now: datetime) -> bytes:
    """Build the zip; the same input gives the same bytes.

    Raises: PolicyViolation when a derived value was handed in; BadInput for an unknown language, store id or
    provenance.
    """
    check_language(lang)
    stores = stores_of(data.items, data.store_labels)
    derived = sorted({item.store for item in data.items if item.provenance == "derived"})
    if derived:
        raise PolicyViolation(f"derived values of {', '.join(derived)} are not portable", article="20(1)")
    names, read = file_names(stores), readable(stores)
    tables = {f"{names[store.id]}.csv": store_csv(store, lang) for store in read}
    titles = {f"{names[store.id]}.csv": store.label for store in read}
    files = {
        "contact.vcf": vcard_bytes(data.card),
        "data.json": json_bytes(_as_data(data, stores, controller, now)),
        "data.schema.json": json_bytes(SCHEMA),
        **tables,
        README[lang]: fill(
            "{lang}/portability_readme.txt", controller, lang, now, d=data, tables=sorted(titles.items())
        ).encode(),
    }
    return zip_bytes(files, data.reference, now)


def _as_data(data: PortabilityData, stores: tuple[Store, ...], controller: Controller, now: datetime) -> dict[str, Any]:
    return {
        "$schema": "./data.schema.json",
        "format": FORMAT,
        "reference": data.reference,
        "composed_at": iso(to_second(now)),
        "controller": controller.name,
        "stores": stores_as_data(stores),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _list_of(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entry}


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": FORMAT,
    **_object(
        {
            "$schema": _TEXT,
            "format": {"const": FORMAT},
            "reference": _TEXT,
            "composed_at": {"type": "string", "format": "date-time"},
            "controller": _TEXT,
            "stores": _list_of(
                _object(
                    {
                        "store": _TEXT,
                        "label": _TEXT,
                        "rows": _list_of(
                            _object(
                                {
                                    "ref": _TEXT,
                                    "values": _list_of(
                                        _object(
                                            {
                                                "field": _TEXT,
                                                "label": _TEXT,
                                                "value": _TEXT,
                                                "provenance": {"enum": ["provided", "observed"]},
                                                "source": _TEXT,
                                                "obtained_on": _DAY,
                                            }
                                        )
                                    ),
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
}
