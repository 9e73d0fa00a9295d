"""The package that answers a request of access: one zip for people and programs (Art. 15(3), R-15-1)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from consentcore.clock import iso, to_second
from consentcore.policyset import Controller
from registry.documents.bundle import json_bytes, zip_bytes
from registry.documents.model import AccessPackageData, RetainedItem, ToldRecipient
from registry.documents.pdf import render_pdf
from registry.documents.rendering import fill
from registry.documents.stores import WORDS, Store, file_names, readable, sheets, store_csv, stores_as_data, stores_of
from registry.wording import check_language

FORMAT = "consentcore access package 1"
MOST_ON_PAPER = 500
"""Values that the letter prints; with more it points to the page, which always has them all."""
README = {"fr": "LISEZ-MOI.txt", "en": "README.txt"}


def build_access_package(package_data: AccessPackageData, controller: Controller, lang: str, now: datetime) -> bytes:
    """Build the zip: a page, a letter, tables, exact data and a manifest; the same input gives the same bytes.

    Raises: BadInput for an unknown language, store id or provenance; ConfigurationError where PDF cannot be drawn.
    """
    check_language(lang)
    stores = stores_of(package_data.items, package_data.store_labels)
    read = readable(stores)
    names = file_names(stores)
    tables = {f"{names[store.id]}.csv": store_csv(store, lang) for store in read}
    titles = {f"{names[store.id]}.csv": store.label for store in read} or {"data.csv": ""}
    values: dict[str, Any] = {"d": package_data, "words": WORDS[lang]}
    page = fill("{lang}/index.html", controller, lang, now, **_shown(stores, lang), **values)
    readme = fill("{lang}/access_readme.txt", controller, lang, now, tables=sorted(titles.items()), **values)
    files = {
        "index.html": page.encode(),
        "style.css": fill("page.css", controller, lang, now).encode(),
        "summary.pdf": access_letter(package_data, controller, lang, now),
        "data.json": json_bytes(_as_data(package_data, stores, controller, lang, now)),
        **(tables or {"data.csv": store_csv(_NOTHING, lang)}),
        README[lang]: readme.encode(),
    }
    return zip_bytes(files, package_data.reference, now)


_NOTHING = Store("data", "data", ())


def access_letter(data: AccessPackageData, controller: Controller, lang: str, now: datetime) -> bytes:
    """Draw the answer as a letter in PDF/UA-1, the values after it where they are not too many.

    Raises: as `build_access_package`.
    """
    values = _shown(stores_of(data.items, data.store_labels), check_language(lang))
    if len(data.items) > MOST_ON_PAPER:
        values["stores"] = ()
    return render_pdf(fill("{lang}/summary.html", controller, lang, now, d=data, words=WORDS[lang], **values))


def _shown(stores: tuple[Store, ...], lang: str) -> dict[str, Any]:
    """Return what the page and the letter show of the values: stores with their tables, and how many values."""
    names, read = file_names(stores), readable(stores)
    return {
        "stores": [{"id": names[one.id], "label": one.label, "sheets": sheets(one, lang)} for one in read],
        "count": sum(len(row) for one in read for row in one.rows),
    }


def _as_data(
    data: AccessPackageData, stores: tuple[Store, ...], controller: Controller, lang: str, now: datetime
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "article": "15",
        "reference": data.reference,
        "language": lang,
        "received_on": data.received_on.isoformat(),
        "composed_at": iso(to_second(now)),
        "controller": {
            "name": controller.name,
            "address": controller.address,
            "email": controller.email,
            "data_protection_officer": controller.dpo_email,
        },
        "found": data.found,
        "purposes": [asdict(one) for one in data.purposes],
        "recipients": [_recipient(one) for one in data.recipients],
        "sources": list(data.sources),
        "automated_decisions": list(data.automated),
        "withheld": list(data.withheld),
        "retained": [_retained(one) for one in data.retained],
        "stores": stores_as_data(stores),
    }


def _recipient(one: ToldRecipient) -> dict[str, Any]:
    return asdict(one) | {"last_on": one.last_on.isoformat() if one.last_on else None}


def _retained(one: RetainedItem) -> dict[str, Any]:
    return asdict(one) | {"until": one.until.isoformat() if one.until else None}
