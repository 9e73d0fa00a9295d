"""Why a step of a request could not be taken, as a sentence at the form, with its status."""

from __future__ import annotations

from consentcore.errors import (
    BadInput,
    Conflict,
    ConsentCoreError,
    IdentityNotProven,
    InvalidTransition,
    NotPermitted,
    PolicyViolation,
)
from web.problems import status_of
from web.shell.language import gettext as _

REFUSED_STEPS = (InvalidTransition, Conflict, NotPermitted, IdentityNotProven, PolicyViolation, BadInput)
"""What the core says when a step does not fit: told at the form, in the page's language."""


def told(error: ConsentCoreError) -> tuple[str, int]:
    """Return the sentence and the status for a step that the core refused."""
    return _sentence(error), int(status_of(type(error)))


def _sentence(error: ConsentCoreError) -> str:
    if isinstance(error, IdentityNotProven):
        return _("The identity is not proven this way: the address, or the mandate, does not belong to this person.")
    if isinstance(error, NotPermitted):
        return _("Whoever made the plan cannot approve it: a second person has to.")
    if isinstance(error, InvalidTransition):
        return _("The request has moved on meanwhile, so this step no longer fits. Nothing was changed.")
    if isinstance(error, Conflict):
        return _("The data or the plan are no longer those that you saw. Nothing was changed; look at them again.")
    return _("This step is not possible here. Nothing was changed.")
