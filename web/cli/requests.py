"""`consentcore requests`: receiving, verifying, assessing, approving, carrying out and showing requests of persons."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.errors import BadInput, NotFound
from consentcore.ledger.certificates import certificate as read_certificate
from consentcore.requests import erasure, identity, items, lifecycle
from consentcore.requests.deadlines import due_dates
from consentcore.requests.intake import Intake, IntakeChannel, Role, receive
from consentcore.requests.tables import Right, Status, SubjectRequest
from registry.wording import LANGUAGES
from web.cli.command import INSTANT, Group, service
from web.files import write_atomically
from web.jobs import answers
from web.jobs.packages import write_packages
from web.jobs.rights import carry_out
from web.transaction import reading, unit

MAX_EVIDENCE_BYTES = 20 * 1024 * 1024
OPERATOR = "operator"


@click.group(cls=Group)
def requests() -> None:
    """Handle requests of data subjects, Articles 12 to 22."""


@requests.command()
@click.option("--received-at", required=True, type=INSTANT, help="When the request came in.")
@click.option("--country", help="Whose holidays count; the controller's country, if not said.")
def deadlines(received_at: datetime, country: str | None) -> dict[str, Any]:
    """Say by when a request must be answered, and by when if it were extended."""
    with service() as wired:
        due = due_dates(received_at, country or wired.policy.controller.country, wired.policy)
        return {
            "due_on": due.due_on.isoformat(),
            "due_on_unrolled": due.due_on_unrolled.isoformat(),
            "extended_due_on": due.extended_due_on.isoformat(),
            "extended_due_on_unrolled": due.extended_due_on_unrolled.isoformat(),
            "rule_pack": due.rule_pack,
        }


@requests.command(name="receive")
@click.option("--right", "rights", required=True, multiple=True, type=click.Choice([right.value for right in Right]))
@click.option("--email", help="An e-mail address of the person.")
@click.option("--subject", type=click.UUID, help="The person's reference.")
@click.option("--received-at", type=INSTANT, help="When it came in; now, if not said.")
@click.option("--channel", type=click.Choice([one.value for one in IntakeChannel]), default=IntakeChannel.PORTAL.value)
@click.option("--scope", help="What is objected to or withdrawn from: marketing, or a purpose.")
@click.option("--requester", help="The address of somebody who asks for the person.")
@click.option("--role", type=click.Choice([one.value for one in Role]), help="As whom the requester asks.")
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE", help="A value to rectify; may be repeated.")
@click.option("--evidence", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its proof, or mandate.")
@click.option("--by", default=OPERATOR, show_default=True, help="Who takes the request in.")
def receive_one(
    rights: tuple[str, ...],
    email: str | None,
    subject: UUID | None,
    received_at: datetime | None,
    channel: str,
    scope: str | None,
    requester: str | None,
    role: str | None,
    changes: tuple[str, ...],
    evidence: Path | None,
    by: str,
) -> dict[str, Any]:
    """Take a request in; objections and withdrawals take effect at once, whoever makes them."""
    intake = Intake(
        rights=tuple(Right(right) for right in rights),
        email=email,
        subject_ref=subject,
        received_at=received_at,
        channel=IntakeChannel(channel),
        scope=scope,
        requester=requester,
        role=Role(role) if role else None,
        changes=_changes(changes),
        evidence=None if evidence is None else _fingerprint(evidence),
    )
    with service() as wired, unit(wired.sessions) as session:
        done = receive(session, wired.policy, intake, wired.now(), by=by)
        return {"reference": done.reference, "due_on": done.due_on.isoformat(), "status": done.status}


def _changes(written: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals or name in found:
            raise BadInput("--set is written FIELD=VALUE, once for each field")
        found[name] = value
    return found


def _fingerprint(path: Path) -> str:
    if path.stat().st_size > MAX_EVIDENCE_BYTES:
        raise BadInput(f"evidence is a file of at most {MAX_EVIDENCE_BYTES} bytes")
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@requests.command(name="list")
@click.option("--status", type=click.Choice([one.value for one in Status]), help="Only those in this status.")
def list_all(status: str | None) -> dict[str, Any]:
    """List requests, the nearest deadline first."""
    with service() as wired, reading(wired.sessions) as session:
        query = select(SubjectRequest).order_by(SubjectRequest.due_on, SubjectRequest.reference)
        if status is not None:
            query = query.where(SubjectRequest.status == status)
        return {
            "requests": [
                {
                    "reference": dsr.reference,
                    "status": dsr.status,
                    "outcome": dsr.outcome,
                    "rights": [right.value for right in lifecycle.rights_of(session, dsr.id)],
                    "due_on": dsr.due_on.isoformat(),
                }
                for dsr in session.scalars(query)
            ]
        }


@requests.command()
@click.argument("reference")
def show(reference: str) -> dict[str, Any]:
    """Show one request: where it stands, its verdicts, its dates, its steps."""
    with service() as wired, reading(wired.sessions) as session:
        return _shown(session, lifecycle.find(session, reference))


def _shown(session: Session, dsr: SubjectRequest) -> dict[str, Any]:
    return {
        "reference": dsr.reference,
        "status": dsr.status,
        "outcome": dsr.outcome,
        "rights": {right.value: scope for right, scope in lifecycle.rights_of(session, dsr.id).items()},
        "subject_ref": str(dsr.subject_ref) if dsr.subject_ref else None,
        "received_at": iso(dsr.received_at),
        "due_on": dsr.due_on.isoformat(),
        "due_on_unrolled": dsr.due_on_unrolled.isoformat(),
        "due_on_without_pause": dsr.due_on.isoformat(),
        "extended_due_on": dsr.extended_due_on.isoformat(),
        "rule_pack": dsr.rule_pack,
        "plan_sha256": dsr.plan_sha256,
        "certificate": dsr.certificate,
        "items": [
            {
                "store": item.store,
                "ref": str(item.ref) if item.ref else None,
                "field": item.field,
                "outcome": item.outcome.value,
                "ground": item.ground,
                "article": item.article,
                "until": item.until.isoformat() if item.until else None,
                "until_event": item.until_event,
            }
            for item in items.read(session, dsr.id)
        ],
        "steps": [
            {"at": iso(step.at), "to": step.to_status.value, "by": step.by, "reason": step.reason}
            for step in lifecycle.steps_of(session, dsr)
        ],
    }


@requests.command()
@click.argument("reference")
@click.option("--method", required=True, type=click.Choice(sorted(identity.METHODS)))
@click.option("--subject", type=click.UUID, help="Which person, where several share the address.")
@click.option("--by", required=True, help="Who verified.")
def verify(reference: str, method: str, subject: UUID | None, by: str) -> dict[str, Any]:
    """Note that the applicant is who he says, and whom the request is about."""
    with service() as wired, unit(wired.sessions) as session:
        dsr = identity.verify(session, wired.policy, reference, method, by, wired.now(), subject_ref=subject)
        return {"reference": dsr.reference, "status": dsr.status, "outcome": dsr.outcome}


@requests.command()
@click.argument("reference")
@click.option("--by", required=True, help="Who assesses.")
def assess(reference: str, by: str) -> dict[str, Any]:
    """Make the plan of an erasure: what goes, what stays, on which ground and until when."""
    with service() as wired, unit(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        plan = erasure.assess(session, wired.keyring, wired.policy, dsr.id, by, wired.now())
        session.refresh(dsr)
        return {"plan_sha256": plan.sha256, **_shown(session, dsr)}


@requests.command()
@click.argument("reference")
@click.option("--plan", required=True, help="The SHA-256 of the plan that you approve.")
@click.option("--by", required=True, help="Who approves: not the one who assessed.")
def approve(reference: str, plan: str, by: str) -> dict[str, Any]:
    """Approve the very plan that was assessed, as a second person."""
    with service() as wired, unit(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        erasure.approve(session, dsr.id, plan, by, wired.now())
        return {"reference": dsr.reference, "status": dsr.status, "plan_sha256": dsr.plan_sha256}


@requests.command()
@click.argument("reference")
def execute(reference: str) -> dict[str, Any]:
    """Carry a request out to its end; cut off, run it again and it goes on where it was."""
    with service() as wired:
        carry_out(wired, reference)
        with reading(wired.sessions) as session:
            return _shown(session, lifecycle.find(session, reference))


@requests.command()
@click.argument("reference")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The controller's first language, if not said.")
def package(reference: str, out: Path, lang: str | None) -> dict[str, Any]:
    """Write the packages of an access or a portability that was carried out."""
    with service() as wired:
        written = write_packages(wired, reference, out, lang or wired.policy.controller.languages[0])
        return {"out": str(written[0]), "files": [str(path) for path in written]}


@requests.command()
@click.argument("reference")
@click.option("--ground", required=True, help="Such as manifestly_unfounded or identity_not_proven.")
@click.option("--reason", required=True, help="What the person is told.")
@click.option("--by", required=True, help="Who refuses.")
def refuse(reference: str, ground: str, reason: str, by: str) -> dict[str, Any]:
    """Refuse a request; the person is told why, and which remedies there are (Art. 12(4))."""
    with service() as wired, unit(wired.sessions) as session:
        dsr, told = answers.refuse(session, wired, reference, ground, reason, by)
        return {"reference": dsr.reference, "status": dsr.status, "outcome": dsr.outcome, "told": told}


@requests.command()
@click.argument("reference")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def certificate(reference: str, out: Path) -> dict[str, Any]:
    """Write the signed certificate of a request that was carried out; `ledger vkey` verifies it."""
    with service() as wired, reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        if dsr.certificate is None:
            raise NotFound(f"request {dsr.reference} has no certificate: only an erasure that was carried out has one")
        write_atomically(out, read_certificate(session, dsr.certificate).note, mode=0o644)
        return {"out": str(out), "certificate": dsr.certificate}
