"""The error tree: what can go wrong, said as a sentence that names the thing, the cause and the way out.

    ConsentCoreError
     |- NotFound              the thing named does not exist here
     |- Conflict              it exists already, or another unit was first
     |- InvalidTransition     the state it is in does not allow this step
     |- PolicyViolation       the organisation's policy or the law says no (article given)
     |- NotPermitted          this actor may not do that
     |- IdentityNotProven     the person asking was not identified far enough
     |- BadInput              what was handed in cannot be read as what it should be
     |- IntegrityFailure      stored data are not what was written
     |   |- LedgerTampered
     |   `- DecryptionFailed
     `- ConfigurationError    settings, secrets or policies cannot be used as they stand

A concept's own error stands in the concept's file, under one of these categories. Messages hold
identifiers, never personal data. How an error is shown (HTTP status, exit code) is the faces' business.
"""

from __future__ import annotations

from typing import ClassVar


class ConsentCoreError(Exception):
    """Root of every error this package raises on purpose; `code` is stable, `article` cites the law."""

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, article: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.article = article


class NotFound(ConsentCoreError):
    """The thing named does not exist here."""

    default_code = "not_found"


class Conflict(ConsentCoreError):
    """It exists already in another form, or another unit of work was first."""

    default_code = "conflict"


class InvalidTransition(ConsentCoreError):
    """The state that the thing is in does not allow this step."""

    default_code = "invalid_transition"


class PolicyViolation(ConsentCoreError):
    """The organisation's policy, or the law behind it, does not allow this."""

    default_code = "policy_violation"


class NotPermitted(ConsentCoreError):
    """This actor may not do that."""

    default_code = "not_permitted"


class IdentityNotProven(ConsentCoreError):
    """The person who asks was not identified far enough for what is asked (Art. 12(6))."""

    default_code = "identity_not_proven"


class BadInput(ConsentCoreError):
    """What was handed in cannot be read as what it should be."""

    default_code = "bad_input"


class IntegrityFailure(ConsentCoreError):
    """Stored data are not what was once written (Art. 5(1)(f))."""

    default_code = "integrity_failure"


class LedgerTampered(IntegrityFailure):
    """The log, a checkpoint or a proof contradicts itself; `first_bad` names the first bad leaf index."""

    default_code = "ledger_tampered"

    def __init__(self, message: str, *, first_bad: int | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.first_bad = first_bad


class DecryptionFailed(IntegrityFailure):
    """A sealed value does not open: wrong key, other place, or changed bytes."""

    default_code = "decryption_failed"


class ConfigurationError(ConsentCoreError):
    """Settings, secrets or policies cannot be used as they stand."""

    default_code = "configuration_error"
