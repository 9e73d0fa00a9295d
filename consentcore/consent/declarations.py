"""What is handed in when consent is recorded: the choice, how it was made, and who stood behind a child's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from consentcore.consent.tables import ConsentState
from consentcore.errors import BadInput
from consentcore.policyset import Channel, Notice

METHODS = frozenset({"web_form", "portal", "email_code", "email", "api", "phone", "paper", "letter", "import"})
CLOCK_SKEW = timedelta(minutes=5)
ENDING = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN, ConsentState.EXPIRED, ConsentState.INVALIDATED})
"""States that a person, or the end of a term, can always bring about: a no is never refused (Art. 7(3))."""
MAX_DETAILS = 20
MAX_DETAIL_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a declaration was made: what a controller shows under Art. 7(1) (R-7-2).

    `contact_point` is what the consent binds to; `details` takes short texts such as the page, the application's
    version or what was left unticked. All of it is sealed under the person's evidence key.
    """

    method: str
    contact_point: str | None = None
    form_sha256: str | None = None
    actor: str | None = None
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Parent:
    """A holder of parental responsibility who gives or authorises a child's consent (Art. 8, R-8-2).

    `effort` says in words what was done to verify that it is one (Art. 8(2)); all of it is sealed under the child's
    evidence key.
    """

    effort: str
    who: str | None = None
    """A description, where the parent has no reference here."""
    subject_ref: UUID | None = None
    authorises: UUID | None = None
    """The record of the child's own declaration; None where the parent alone declares."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One declaration: purpose, channel, state, the notice it was made under, and when (None: now)."""

    purpose: str
    channel: Channel
    state: ConsentState
    notice: Notice
    at: datetime | None = None
    explicit: bool = False
    """Whether it was stated expressly, as special categories of data ask for (Art. 9(2)(a), R-9-1)."""
    parent: Parent | None = None


@dataclass(frozen=True, slots=True)
class RecordedChoice:
    """References of a recorded declaration; the index of its leaf is known once the unit is committed."""

    record_id: UUID
    event_id: UUID


def check_evidence(evidence: Evidence) -> None:
    """Check how a declaration was made. Raises: BadInput (an unknown method, too many or too long details)."""
    if evidence.method not in METHODS:
        raise BadInput(f"method {evidence.method!r} is unknown; use one of {', '.join(sorted(METHODS))}")
    if len(evidence.details) > MAX_DETAILS:
        raise BadInput(f"evidence has {len(evidence.details)} details; at most {MAX_DETAILS} are kept")
    if any(len(key) + len(text) > MAX_DETAIL_CHARS for key, text in evidence.details.items()):
        raise BadInput(f"a detail of the evidence is longer than {MAX_DETAIL_CHARS} characters")


def check_parent(parent: Parent) -> None:
    """Check what is said of a parent. Raises: BadInput (nobody named, no effort of verification, too long)."""
    if (parent.who is None or not parent.who.strip()) and parent.subject_ref is None:
        raise BadInput("name the parent, by a description or by a reference")
    if not parent.effort.strip():
        raise BadInput("say in words what was done to verify that this is a parent (Art. 8(2))")
    if max(len(parent.effort), len(parent.who or "")) > MAX_DETAIL_CHARS:
        raise BadInput(f"what is said of a parent has more than {MAX_DETAIL_CHARS} characters")
