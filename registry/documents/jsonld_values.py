"""How exports write instants, texts in several languages, and references, in JSON-LD 1.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from consentcore.clock import iso

Node = dict[str, Any]


def instant(at: datetime) -> Node:
    """Write an instant as a typed value."""
    return {"@type": "xsd:dateTime", "@value": iso(at)}


def texts(by_language: Mapping[str, str]) -> list[Any]:
    """Write a text in its languages; the empty language stands for a name that is the same in all."""
    return [{"@value": text, "@language": lang} if lang else text for lang, text in sorted(by_language.items())]


def references(terms: Iterable[str]) -> list[Node]:
    """Write terms as references, each once, in their order."""
    return [{"@id": term} for term in dict.fromkeys(terms)]
