"""The log: its size and newest checkpoint, what happened lately, and the audit of the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.entries import Entries, entries, newest_entry
from consentcore.ledger.proofs import latest_checkpoint
from web.console.event_words import EVENT_WORDS, event_in_words
from web.console.handed_out import handed_out
from web.jobs.audit import MAX_CHECKPOINT_BYTES, Audited, audit_log
from web.shell.forms import EMPTY, Filled
from web.shell.language import decimal
from web.shell.language import gettext as _
from web.shell.wired import service
from web.transaction import reading
from web.witness.gathering import gather, trust_of

PAGES = Blueprint("log", __name__, url_prefix="/log")
PAGES.add_app_template_filter(event_in_words, "event_in_words")
DAYS = (1, 7, 30, 365)
DAYS_USUALLY = 7
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are asked for."""

    days: int
    kind: str
    before: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What "Verify now" found, and what it was held against."""

    found: Audited
    seconds: str
    outside: bool


@PAGES.get("/")
def page() -> str:
    """Show the log."""
    return _shown(EMPTY)


@PAGES.post("/verify")
def verify() -> str | tuple[str, int]:
    """Audit the whole log, with the contents of all consents, and hold an uploaded checkpoint against it."""
    wired = service()
    sent = request.files.get("checkpoint")
    outside = None
    if sent is not None and sent.filename:
        raw = sent.stream.read(MAX_CHECKPOINT_BYTES + 1)
        try:
            outside = raw.decode("utf-8")
        except UnicodeDecodeError:
            return _shown(EMPTY.failed("checkpoint", _("This file is no checkpoint: it is not text"))), 422
        if len(raw) > MAX_CHECKPOINT_BYTES:
            return _shown(EMPTY.failed("checkpoint", _("This file is too large to be a checkpoint"))), 422
    began = perf_counter()
    with reading(wired.sessions) as session:
        try:
            gathered = gather(session, wired.keyring, trust_of(wired.settings))
            found = audit_log(session, wired.keyring, outside, gathered)
        except BadInput:
            return _shown(EMPTY.failed("checkpoint", _("This file is no checkpoint of a log"))), 422
        except LedgerTampered:
            sentence = _("This checkpoint was not signed by this log: its signature does not fit our key")
            return _shown(EMPTY.failed("checkpoint", sentence)), 422
    seconds = decimal(max(round(perf_counter() - began, 2), 0.01))
    return _shown(EMPTY, Verified(found, seconds, outside is not None))


@PAGES.get("/checkpoint")
def checkpoint() -> Response:
    """Hand out the newest signed checkpoint, to be kept elsewhere."""
    with reading(service().sessions) as session:
        newest = latest_checkpoint(session)
    if newest is None:
        abort(404)
    return handed_out(newest.note, f"checkpoint-{newest.size}.txt", "text/plain; charset=utf-8")


@PAGES.get("/log.vkey")
def vkey() -> Response:
    """Hand out the public key that verifies checkpoints and receipts."""
    return handed_out(service().keyring.log_signer().vkey + "\n", "log.vkey", "text/plain; charset=utf-8")


def _shown(form: Filled, verified: Verified | None = None) -> str:
    wired, asked = service(), _asked()
    now = wired.now()
    with reading(wired.sessions) as session:
        try:
            newest = latest_checkpoint(session)
        except (LedgerTampered, BadInput):
            newest = None
        found = entries(
            session, now - timedelta(days=asked.days), kind=asked.kind or None, before=asked.before, limit=PER_PAGE
        )
        last = newest_entry(session)
    return render_template(
        "log.html",
        form=form,
        errors=form.errors,
        verified=verified,
        newest=newest,
        size=newest.size if newest else 0,
        last=last.at if last else None,
        key=wired.keyring.log_signer().vkey,
        asked=asked,
        entries=found,
        kinds=_kinds(found, asked),
        days=DAYS,
    )


def _asked() -> Asked:
    days = request.args.get("days", DAYS_USUALLY, type=int)
    kind = request.args.get("type", "")
    before = request.args.get("before", type=int)
    return Asked(
        days=days if days in DAYS else DAYS_USUALLY,
        kind=kind if kind in EVENT_WORDS else "",
        before=before if before is not None and 0 < before < 2**53 else None,
    )


def _kinds(found: Entries, asked: Asked) -> list[tuple[str, str]]:
    present = sorted(set(found.counts) | ({asked.kind} if asked.kind else set()), key=event_in_words)
    return [(kind, f"{event_in_words(kind)} ({decimal(found.counts.get(kind, 0))})") for kind in present]
