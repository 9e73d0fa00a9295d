"""The page of a link that confirms or renews a consent: opening it changes nothing, one button answers (R-7-8).

A link that was used, that expired, that was superseded or that nobody here made leads to one page, the same in every
case, after the same reads.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, g, render_template, url_for
from sqlalchemy.orm import Session

from consentcore import __version__
from consentcore.clock import iso
from consentcore.consent import doubleoptin, refreshing
from consentcore.consent.doubleoptin import NotPending, Pending
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crypto.keyring import KeyDestroyed
from consentcore.errors import Conflict, NotFound, PolicyViolation
from consentcore.policyset import Channel, Notice, PolicySet, Purpose
from web.portal.offers import Row, any_language, notice_of, words
from web.security import unsubscribe_links
from web.security.consent_links import ConsentLink, read, token_sha256
from web.security.unsubscribe_links import BrokenLink, Unsubscription
from web.shell.language import language
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("confirm", __name__, url_prefix="/c")
_PAGE = "portal/confirm"
_NOBODY = Pending(UUID(int=0), UUID(int=0), "-", Channel.EMAIL)


@PAGES.get("/<token>")
def page(token: str) -> str | tuple[str, int]:
    """Ask whether to confirm or renew; nothing happens yet."""
    wired, link = service(), _opened(token)
    with reading(wired.sessions) as session:
        row = _awaited(session, link, wired.now())
        asked_at = None if row is None else row.at
        shown = None if row is None or link is None else _question(row, link, wired.policy)
    if shown is None or link is None:
        return _over()
    purpose, notice = shown
    return render_template(
        "confirm.html",
        token=token,
        renewing=link.answer is ConsentState.RENEWED,
        title=words(purpose.title, language()),
        text=words(purpose.description, language()),
        channel=Row(purpose, link.pending.channel).channel_words(language()),
        notice=notice,
        asked_at=asked_at,
        expires_at=link.expires_at,
        stop=_stop(link.pending, wired.now()),
    )


@PAGES.post("/<token>")
def submit(token: str) -> str | tuple[str, int]:
    """Record the answer that the link stands for, once."""
    wired, link = service(), _opened(token)
    try:
        with unit(wired.sessions) as session:
            about = _NOBODY if link is None else link.pending
            proof = _proof(token, link, wired.now())
            if link is None or link.answer is ConsentState.GIVEN:
                doubleoptin.confirm(session, wired.keyring, about, wired.policy, proof, wired.now())
            else:
                notice = _notice_to_renew(wired.policy.purpose(about.purpose), wired.policy)
                refreshing.renew(session, wired.keyring, about, notice, wired.policy, proof, wired.now())
    except (Conflict, NotFound, PolicyViolation, KeyDestroyed):
        return _over()
    if link is None:
        return _over()
    purpose = wired.policy.purpose(link.pending.purpose)
    return render_template(
        "confirm_done.html",
        renewing=link.answer is ConsentState.RENEWED,
        title=words(purpose.title, language()),
        channel=Row(purpose, link.pending.channel).channel_words(language()),
        stop=_stop(link.pending, wired.now()),
    )


def _opened(token: str) -> ConsentLink | None:
    wired = service()
    try:
        return read(wired.keyring, token, wired.now())
    except BrokenLink:
        return None


def _awaited(session: Session, link: ConsentLink | None, now: datetime) -> ConsentRecord | None:
    """Return the record that a link refers to while it waits; without a link the same reads are made, of nobody."""
    if link is None or link.answer is ConsentState.GIVEN:
        return doubleoptin.awaited(session, _NOBODY if link is None else link.pending)
    about = link.pending
    held = doubleoptin.stands(session, about.subject_ref, about.purpose, about.channel, now)
    if held is None or held.record_id != about.record_id:
        return None
    return session.get(ConsentRecord, held.record_id)


def _question(row: ConsentRecord, link: ConsentLink, policy: PolicySet) -> tuple[Purpose, Notice | None] | None:
    """Return what is asked and the notice that goes with it; None where the policies no longer know the purpose."""
    purpose = policy.purposes.get(link.pending.purpose)
    if purpose is None or link.pending.channel not in purpose.channels:
        return None
    if link.answer is ConsentState.RENEWED:
        return purpose, notice_of(purpose, policy, language())
    return purpose, any_language(policy, row.notice_id, row.notice_version, row.notice_language)


def _notice_to_renew(purpose: Purpose, policy: PolicySet) -> Notice:
    notice = notice_of(purpose, policy, language())
    if notice is None:
        raise NotPending("the purpose has no notice any more")
    return notice


def _proof(token: str, link: ConsentLink | None, now: datetime) -> dict[str, str]:
    return {
        "page": _PAGE,
        "version": __version__,
        "locale": language(),
        "token_sha256": token_sha256(token),
        "link_expires_at": iso(link.expires_at if link else now),
    }


def _stop(about: Pending, now: datetime) -> str:
    """Return the address of the page that ends this consent: saying no takes no more steps than saying yes."""
    wanted = Unsubscription(about.subject_ref, about.purpose, about.channel, now)
    return url_for("unsubscribe.page", token=unsubscribe_links.issue(service().keyring, wanted))


def _over() -> tuple[str, int]:
    g.failed = True  # the page must not repeat the address, whose length would tell one link from another
    return render_template("confirm_over.html"), 404
