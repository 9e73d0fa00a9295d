"""The names under which the steps of a request stand in the log."""

from __future__ import annotations

from consentcore.ledger.events import register

RECEIVED = register("request.received", "a request of a person came in (Art. 12)")
VERIFIED = register("request.verified", "the identity behind a request was found good (Art. 12(6))")
ASSESSED = register("request.assessed", "a plan was made of what a request leads to, field by field")
APPROVED = register("request.approved", "a second person approved the plan of a request")
STARTED = register("request.started", "the execution of a request began, or went on after it was cut off")
FAILED = register("request.failed", "the execution of a request failed and can go on")
CLOSED = register("request.closed", "a request was answered (Art. 12(3))")
REFUSED = register("request.refused", "a request was refused, with its reasons (Art. 12(4), 12(5))")
