"""The colours that an archived PDF means (OutputIntent, ISO 19005-3, 6.2.3): sRGB, by the profile WeasyPrint carries.

WeasyPrint can add it itself, and leaves the file of the profile open.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.resources import files
from typing import Any

NAME = "sRGB2014"


def add_srgb(_document: Any, pdf: Any) -> None:
    """Add the profile and the intent that names it (a `finisher` of WeasyPrint)."""
    pydyf = importlib.import_module("pydyf")
    profile = pydyf.Stream([_profile()], pydyf.Dictionary({"N": 3}), compress=True)
    pdf.add_object(profile)
    intent = pydyf.Dictionary(
        {
            "Type": "/OutputIntent",
            "S": "/GTS_PDFA1",
            "OutputConditionIdentifier": pydyf.String(NAME),
            "Info": pydyf.String(NAME),
            "DestOutputProfile": profile.reference,
        }
    )
    pdf.catalog["OutputIntents"] = pydyf.Array([intent])


@cache
def _profile() -> bytes:
    return (files("weasyprint.pdf") / f"{NAME}.icc").read_bytes()
