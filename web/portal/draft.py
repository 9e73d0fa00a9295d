"""A request that is being put together: the answers so far, kept in the session, and the questions that are left."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from consentcore.policyset import LegalBasis, PolicySet, Purpose
from consentcore.requests.effects import plan_effects
from consentcore.requests.intake import Role
from consentcore.requests.tables import Right
from consentcore.suppression.tables import MARKETING
from web.security import sessions
from web.security.tables import SessionRow
from web.shell import visits
from web.shell.wired import service, visit

KEY = "request"
"""Under which the draft stands in the content of the session."""
RESTRICTION = "restriction"
MYSELF = "me"
_OPPOSABLE = frozenset({LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})


class What(StrEnum):
    """What can be asked for here, as the first page offers it."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    LIMIT = "limit"
    """To object to a use, to withdraw a consent, or to have a use restricted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers so far; None is a question that was not answered yet."""

    what: What
    submit: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """Names this draft: sent twice, it makes one request."""
    usage: str | None = None
    """`marketing`, `restriction` or the id of a purpose, where `what` is `limit`."""
    fields: tuple[str, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    more: str | None = None
    whom: str | None = None
    """`me`, or the role in which somebody asks for another person."""
    person: str | None = None
    """The address of that other person."""
    address: str | None = None
    """The address that an objection is about which needs no proof."""

    def with_answers(self, **answers: Any) -> Draft:
        """Return the draft with other answers, and a name of its own: it is another request now."""
        return replace(self, submit=secrets.token_urlsafe(12), **answers)

    @property
    def role(self) -> Role | None:
        """As whom the visitor asks for another person; None for oneself."""
        return None if self.whom in (None, MYSELF) else Role(self.whom)


def draft() -> Draft | None:
    """Return the draft of this session, if one was begun."""
    current = visit()
    kept = None if current is None else current.content.get(KEY)
    if not kept:
        return None
    return Draft(**{**kept, "what": What(kept["what"]), "fields": tuple(kept["fields"])})


def keep_draft(session: Session, made: Draft) -> None:
    """Keep a draft in this browser's session, in the caller's unit; begins a session where there is none."""
    visits.keep(session, {**fresh_content(session), KEY: asdict(made)})


def fresh_content(session: Session) -> dict[str, Any]:
    """Return what this browser's session holds now, locked until the unit ends: no second tab is overwritten."""
    current = visit()
    if current is None:
        return {}
    session.get(SessionRow, sessions.session_sha256(current), with_for_update=True, populate_existing=True)
    found = sessions.find(session, service().keyring, current.face, current.token, service().now())
    return {} if found is None else dict(found.content)


def opposable(policy: PolicySet) -> tuple[Purpose, ...]:
    """Return the purposes that one may object to or withdraw a consent from (Art. 7(3), 21(1))."""
    return tuple(purpose for _, purpose in sorted(policy.purposes.items()) if purpose.basis in _OPPOSABLE)


def right_of(made: Draft, policy: PolicySet) -> tuple[Right, str | None]:
    """Return the right that a draft exercises, and its scope where it has one.

    Raises: NotFound for a purpose that the policies no longer have.
    """
    if made.what is not What.LIMIT:
        return Right(made.what.value), None
    if made.usage == RESTRICTION:
        return Right.RESTRICTION, None
    if made.usage == MARKETING:
        return Right.OBJECTION, MARKETING
    purpose = policy.purpose(made.usage or "")
    return (Right.WITHDRAWAL if purpose.basis is LegalBasis.CONSENT else Right.OBJECTION), purpose.id


def needs_proof(made: Draft, policy: PolicySet) -> bool:
    """Tell whether a code must come back first: a no that takes effect at once wants no proof (R-7-4, R-21-2)."""
    if made.what is What.LIMIT and made.usage is None:
        return False
    right, scope = right_of(made, policy)
    return right not in plan_effects((right,), scope, policy).rights


def questions(made: Draft) -> tuple[str, ...]:
    """Return the endpoints of the questions of a draft, in their order; the first one begins it."""
    asked = ["ask.page"]
    if made.what is What.RECTIFICATION:
        asked.append("ask.values")
    if not needs_proof(made, service().policy):
        return (*asked, "ask.address")
    if made.what in (What.RECTIFICATION, What.LIMIT):
        asked.append("ask.more")
    asked.append("ask.whom")
    if made.role is not None:
        asked.append("ask.person")
    return tuple(asked)


def next_question(made: Draft) -> str | None:
    """Return the endpoint of the first question that was not answered; None when all were."""
    answered = {
        "ask.page": made.what is not What.LIMIT or made.usage is not None,
        "ask.values": bool(made.changes),
        "ask.more": made.more is not None,
        "ask.whom": made.whom is not None,
        "ask.person": made.person is not None,
        "ask.address": made.address is not None,
    }
    return next((one for one in questions(made) if not answered[one]), None)


def question_before(made: Draft, endpoint: str) -> str | None:
    """Return the endpoint of the question before this one, for the way back; None before the first."""
    asked = questions(made)
    place = asked.index(endpoint) if endpoint in asked else len(asked)
    return asked[place - 1] if place else None
