"""`consentcore consent`: recording, deciding, history and receipts."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.consent.decide import decide as decide_one
from consentcore.consent.decide import decide_for_all
from consentcore.consent.doubleoptin import Asked
from consentcore.consent.eligible import eligible as find_eligible
from consentcore.consent.history import leaf_index, records_of
from consentcore.consent.parental import record_parental
from consentcore.consent.record import METHODS, Choice, Evidence, Parent
from consentcore.consent.record import record as record_choices
from consentcore.consent.tables import ConsentState
from consentcore.errors import BadInput
from consentcore.policyset import Channel, Notice, PolicySet
from consentcore.suppression.tables import MARKETING
from registry.wording import LANGUAGES
from web.cli.command import INSTANT, Group, service
from web.cli.people import person_options, persons, the_person
from web.confirming import ask_now
from web.files import writing_atomically
from web.receipts import ReceiptForm, export
from web.security.unsubscribe_links import Unsubscription, address_of, headers_of, issue
from web.transaction import reading, unit
from web.wiring import Service

_NOTICE = re.compile(r"([a-z][a-z0-9_]{0,63})@([1-9][0-9]{0,5})(?:/([a-z]{2}))?")
_RECORDED_BY_HAND = (ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN)


@click.group(cls=Group)
def consent() -> None:
    """Record consent, decide on it, prove it."""


def _matter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--channel", required=True, type=click.Choice([one.value for one in Channel]))(function)
    return click.option("--purpose", required=True)(function)


def _parent_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--effort", help="What was done to verify that this is a parent, in words.")(function)
    function = click.option("--parent-subject", type=click.UUID, help="The parent, where known here.")(function)
    return click.option("--parent", help="The parent who declares it for a child, described in words.")(function)


@consent.command()
@person_options
@_matter_options
@click.option("--state", required=True, type=click.Choice([state.value for state in _RECORDED_BY_HAND]))
@click.option("--notice", required=True, help="The notice that was shown, such as newsletter@1 or newsletter@1/en.")
@click.option("--method", required=True, type=click.Choice(sorted(METHODS)))
@click.option("--at", type=INSTANT, help="When it was declared; now, if not said.")
@click.option("--explicit", is_flag=True, help="It was stated expressly, as special categories of data ask for.")
@_parent_options
@click.option("--by", help="Who recorded it.")
def record(
    email: str | None,
    subject: UUID | None,
    purpose: str,
    channel: str,
    state: str,
    notice: str,
    method: str,
    at: datetime | None,
    explicit: bool,
    parent: str | None,
    parent_subject: UUID | None,
    effort: str | None,
    by: str | None,
) -> dict[str, Any]:
    """Record what a person declared, under the notice that was shown."""
    behind = _parent(parent, parent_subject, effort)
    with service() as wired:
        shown = the_notice(wired.policy, notice)
        choice = Choice(purpose, Channel(channel), ConsentState(state), shown, at, explicit, behind)
        evidence = Evidence(method, contact_point=email, actor=by)
        with unit(wired.sessions) as session:
            concerned = _concerned(session, wired, choice.state, email, subject)
            done = [
                record_choices(session, person, [choice], wired.policy, evidence, wired.now())[0]
                for person in concerned
            ]
        with reading(wired.sessions) as session:
            written = [
                {"record_id": str(one.record_id), "leaf_index": leaf_index(session, one.event_id)} for one in done
            ]
        return written[0] if len(written) == 1 else {**written[0], "records": written}


def _concerned(
    session: Session, wired: Service, state: ConsentState, email: str | None, subject: UUID | None
) -> list[UUID]:
    # a no at a shared address stands for everyone reached there; a yes must say whose it is
    if state in (ConsentState.REFUSED, ConsentState.WITHDRAWN):
        found = persons(session, wired.keyring, email, subject)
        if found:
            return found
    return [the_person(session, wired.keyring, email, subject)]


def the_notice(policy: PolicySet, text: str) -> Notice:
    """Return the notice that an option names as ID@VERSION[/LANGUAGE]. Raises: BadInput, NotFound."""
    found = _NOTICE.fullmatch(text)
    if found is None:
        raise BadInput("--notice is written ID@VERSION or ID@VERSION/LANGUAGE, such as newsletter@1/fr")
    return policy.notice(found[1], int(found[2]), found[3] or policy.controller.languages[0])


def _parent(who: str | None, subject_ref: UUID | None, effort: str | None) -> Parent | None:
    if who is None and subject_ref is None:
        if effort is not None:
            raise click.UsageError("--effort speaks of a parent; name the parent by --parent or --parent-subject")
        return None
    if effort is None:
        raise click.UsageError("say by --effort what was done to verify that this is a parent (Art. 8(2))")
    return Parent(effort, who, subject_ref)


@consent.command()
@click.argument("record_id", type=click.UUID)
@_parent_options
@click.option("--method", required=True, type=click.Choice(sorted(METHODS)))
@click.option("--at", type=INSTANT, help="When the parent consented; now, if not said.")
@click.option("--by", help="Who recorded it.")
def authorise(
    record_id: UUID,
    parent: str | None,
    parent_subject: UUID | None,
    effort: str | None,
    method: str,
    at: datetime | None,
    by: str | None,
) -> dict[str, Any]:
    """Record that a parent consents to what a child declared in one record; it permits from then on."""
    behind = _parent(parent, parent_subject, effort)
    if behind is None:
        raise click.UsageError("name the parent by --parent or --parent-subject")
    with service() as wired:
        with unit(wired.sessions) as session:
            done = record_parental(
                session, record_id, behind, wired.policy, Evidence(method, actor=by), wired.now(), at=at
            )
        with reading(wired.sessions) as session:
            index = leaf_index(session, done.event_id)
        return {"record_id": str(done.record_id), "leaf_index": index, "authorises": str(record_id)}


@consent.command()
@_matter_options
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def eligible(purpose: str, channel: str, out: Path) -> dict[str, Any]:
    """Write the references of everyone who may be contacted now, as CSV; count the others by reason."""
    with service() as wired, reading(wired.sessions) as session:
        found = find_eligible(session, purpose, Channel(channel), wired.policy, wired.now())
    with writing_atomically(out) as stream:
        writer = csv.writer(stream)
        writer.writerow(["subject_ref"])
        writer.writerows([str(ref)] for ref in found)
    excluded = {reason.value: number for reason, number in sorted(found.excluded.items()) if number}
    return {"eligible": len(found), "excluded": excluded, "out": str(out)}


@consent.command()
@person_options
@_matter_options
@click.option("--at", type=INSTANT, help="Ask what the answer was at a past instant.")
def decide(email: str | None, subject: UUID | None, purpose: str, channel: str, at: datetime | None) -> dict[str, Any]:
    """Say whether a person may be contacted, and why; a shared address is as free as its most reserved owner."""
    with service() as wired, reading(wired.sessions) as session:
        matter = (purpose, Channel(channel), wired.policy, wired.now())
        if subject is not None and email is None:
            answer = decide_one(session, subject, *matter, as_of=at)
        else:
            answer = decide_for_all(session, persons(session, wired.keyring, email, subject), *matter, as_of=at)
        return {
            "allowed": answer.allowed,
            "reason": answer.reason.value,
            "also": [reason.value for reason in answer.also],
            "basis": answer.basis.value,
            "article": answer.basis.article,
            "record_id": str(answer.record_id) if answer.record_id else None,
            "policy_sha256": answer.policy_sha256,
        }


@consent.command()
@person_options
def history(email: str | None, subject: UUID | None) -> dict[str, Any]:
    """List everything a person declared, oldest first."""
    with service() as wired, reading(wired.sessions) as session:
        person = the_person(session, wired.keyring, email, subject)
        return {"subject_ref": str(person), "records": _history(session, person)}


def _history(session: Session, person: UUID) -> list[dict[str, Any]]:
    return [
        {
            "record_id": str(row.id),
            "at": iso(row.at),
            "purpose": row.purpose,
            "channel": row.channel,
            "state": row.state,
            "notice": f"{row.notice_id}@{row.notice_version}/{row.notice_language}",
            "method": row.method,
            "expires_at": iso(row.expires_at) if row.expires_at else None,
        }
        for row in records_of(session, person)
    ]


@consent.command()
@click.argument("record_id", type=click.UUID)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    default=ReceiptForm.RECEIPT.value,
    show_default=True,
    type=click.Choice([one.value for one in ReceiptForm]),
    help="receipt verifies alone; pdf holds it; 27560 and kantara describe the consent for other programs.",
)
@click.option("--lang", default=LANGUAGES[0], show_default=True, type=click.Choice(LANGUAGES), help="Of the PDF.")
def receipt(record_id: UUID, out: Path, form: str, lang: str) -> dict[str, Any]:
    """Write the receipt of a record, which anyone can verify offline."""
    with service() as wired, reading(wired.sessions) as session:
        made = export(session, wired, record_id, ReceiptForm(form), lang)
    with writing_atomically(out) as stream:
        stream.buffer.write(made.content)
    return {
        "out": str(out),
        "format": form,
        "leaf_index": made.leaf_index,
        "tree_size": made.tree_size,
        "content": "erased" if made.erased else "included",
    }


@consent.command()
@click.option("--email", required=True, help="The address that has to confirm.")
@_matter_options
@click.option("--notice", required=True, help="The notice that was shown, such as newsletter@1 or newsletter@1/en.")
@click.option("--by", help="Who asks.")
def ask(email: str, purpose: str, channel: str, notice: str, by: str | None) -> dict[str, Any]:
    """Ask a person by mail to confirm a consent, which stands once the link in it was used (double opt-in)."""
    with service() as wired, unit(wired.sessions) as session:
        person = the_person(session, wired.keyring, email, None)
        evidence = Evidence("web_form", contact_point=email, actor=by)
        asked = Asked(person, purpose, Channel(channel), the_notice(wired.policy, notice), evidence)
        return {"record_id": str(ask_now(session, wired, asked))}


@consent.command("unsubscribe-link")
@person_options
@_matter_options
def unsubscribe_link(email: str | None, subject: UUID | None, purpose: str, channel: str) -> dict[str, Any]:
    """Make the link by which a person unsubscribes in one click, and the header lines of a mail that carries it."""
    with service() as wired, reading(wired.sessions) as session:
        person = the_person(session, wired.keyring, email, subject)
        wanted = None if purpose == MARKETING else wired.policy.purpose(purpose)  # the whole of it has no channel
        if wanted is not None and (not wanted.is_marketing or Channel(channel) not in wanted.channels):
            raise BadInput(
                f"nobody unsubscribes from purpose {purpose!r} over {channel}: it is no marketing, or not there"
            )
        token = issue(wired.keyring, Unsubscription(person, purpose, Channel(channel), wired.now()))
        url = address_of(wired.settings.base_url, wired.policy.controller.languages[0], token)
        return {"url": url, **headers_of(url)}
