"""From the cells of a row to a declaration as another system kept it, in that system's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from consentcore.consent.declarations import Choice, Evidence
from consentcore.consent.tables import ConsentState
from consentcore.importing.cells import Cells, WordReaders, place_of, word_reader
from consentcore.importing.faults import FaultKind
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.targets import CONSENT_NEEDS, CONSENT_TARGETS, Becomes
from consentcore.importing.values import external_id_of, instant_of, one_of, refuse, text_of
from consentcore.policyset import Channel, PolicySet, Purpose

LINK = "contact.external_id"
MAX_WORD = 255
_GIVEN = ("given", "renewed", "subscribed", "opted_in", "opt_in", "double_opt_in", "confirmed", "granted", "yes")
_WITHDRAWN = ("withdrawn", "unsubscribed", "opted_out", "opt_out", "unsubscribe", "revoked")
_REFUSED = ("refused", "declined", "denied", "no")
_REQUESTED = ("requested", "pending", "unconfirmed")
_UNKNOWN = (
    "unknown",
    "single_opt_in",
    "cleaned",
    "bounced",
    "non_subscribed",
    "nonsubscribed",
    "transactional",
    "imported",
)
STATES: MappingProxyType[str, ConsentState] = MappingProxyType(
    {
        **dict.fromkeys(_GIVEN, ConsentState.GIVEN),
        "renewed": ConsentState.RENEWED,
        **dict.fromkeys(_WITHDRAWN, ConsentState.WITHDRAWN),
        **dict.fromkeys(_REFUSED, ConsentState.REFUSED),
        **dict.fromkeys(_REQUESTED, ConsentState.REQUESTED),
        **dict.fromkeys(_UNKNOWN, ConsentState.UNKNOWN),
        "expired": ConsentState.EXPIRED,
        "invalidated": ConsentState.INVALIDATED,
    }
)
"""Words of other systems for the state of a consent -> what they claim; a claim is not yet a proof."""


@dataclass(frozen=True, slots=True)
class OwnedConsent:
    """A declaration of a file, then, once it was looked up, whose it is and what it is recorded as."""

    purpose: str
    channel: Channel
    said: str
    """The source's own word for the state, as `STATES` has it."""
    at: datetime | None = None
    method: str | None = None
    notice: str | None = None
    contact: str = ""
    owner: UUID | None = None
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a declaration is recorded as, under which policies."""

    choice: Choice
    purpose: Purpose
    evidence: Evidence
    policy: PolicySet


class ConsentCells:
    """Reads rows of declarations."""

    def __init__(self, mapping: Mapping, header: Header, _region: str) -> None:
        zone = ZoneInfo(mapping.timezone)
        self._cells = Cells(
            mapping,
            header,
            {
                Becomes.WORD: word_reader(_WORDS),
                Becomes.INSTANT: lambda column, _, text: instant_of(column, text, mapping.dates, zone),
            },
        )
        self._link_column = mapping.fields[LINK]
        self._link_at = place_of(header, self._link_column)
        self._needed = [
            (CONSENT_TARGETS[name].attribute, mapping.fields[name])
            for name in CONSENT_NEEDS
            if name != LINK and name in mapping.fields
        ]

    def read(self, cells: Sequence[str]) -> tuple[OwnedConsent, None]:
        """Read one row. Raises: RowRefused."""
        contact = external_id_of(self._link_column, cells[self._link_at])
        _, values = self._cells.read(cells)
        for attribute, column in self._needed:
            if attribute not in values:
                refuse(FaultKind.MISSING, column, "is empty, and every consent needs it")
        values["channel"] = Channel(values["channel"])
        return OwnedConsent(**values, contact=contact), None


def _state(column: str, value: str) -> str:
    word = re.sub(r"[\s-]+", "_", value.casefold())
    if word not in STATES:
        refuse(FaultKind.WORD, column, f"this is no known state of a consent; known are {', '.join(sorted(STATES))}")
    return word


def _text(column: str, value: str) -> str:
    return text_of(column, MAX_WORD, value)


_WORDS: WordReaders = MappingProxyType(
    {
        "purpose": _text,
        "channel": one_of("channel", [channel.value for channel in Channel]),
        "said": _state,
        "method": _text,
        "notice": _text,
    }
)
