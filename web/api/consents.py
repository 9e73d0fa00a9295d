"""`/consents`: recording what a person declared, reading it back, and its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.consent.doubleoptin import Asked
from consentcore.consent.history import leaf_index
from consentcore.consent.record import Choice, Evidence
from consentcore.consent.record import record as record_choices
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.errors import BadInput, NotFound
from consentcore.policyset import Notice, PolicySet
from registry.wording import LANGUAGES
from web.api.operation import Noun
from web.api.people import concerned, require_purpose
from web.api.schemas.consents import OTHER_FORMS, Consent, ConsentIn, ConsentMade, ConsentReceipt, ReceiptQuery
from web.api.wired import caller, service
from web.api.writing import Made, write_once
from web.confirming import ask_now
from web.receipts import MEDIA_TYPES, ReceiptForm, export
from web.security.apikeys import Scope
from web.transaction import reading

PREFIX = "/api/v1/consents"
NOUN = Noun("consents", __name__, url_prefix=PREFIX, description="Declarations of persons, and their proofs.")


@NOUN.operation(
    "POST",
    "",
    rule=Scope.CONSENTS_WRITE,
    takes=ConsentIn,
    gives=ConsentMade,
    status=201,
    refuses=(404, 409),
    once=True,
)
def record_consent(body: Mapping[str, Any]) -> Any:
    """Record what a person declared, under the notice that was shown; `requested` asks for a confirmation by mail."""
    wired = service()
    require_purpose(wired.policy, body["purpose"])
    state = ConsentState(body["state"])
    choice = Choice(body["purpose"], body["channel"], state, _notice(wired.policy, body["notice"]), body.get("at"))
    evidence = Evidence(
        body["method"],
        contact_point=body.get("email"),
        form_sha256=body.get("form_sha256"),
        actor=caller().actor,
        details=body.get("details", {}),
    )

    def work(session: Session) -> Made:
        if state is ConsentState.REQUESTED:
            person = concerned(session, body, state)[0]
            asked = ask_now(session, wired, Asked(person, choice.purpose, choice.channel, choice.notice, evidence))
            return Made(f"{PREFIX}/{asked}", {"record_id": str(asked), "records": [str(asked)]})
        done = [
            record_choices(session, person, [choice], wired.policy, evidence, wired.now())[0].record_id
            for person in concerned(session, body, state)
        ]
        return Made(f"{PREFIX}/{done[0]}", {"record_id": str(done[0]), "records": [str(one) for one in done]})

    return write_once(work)


def _notice(policy: PolicySet, written: str) -> Notice:
    name, _, language = written.partition("/")
    notice_id, _, version = name.partition("@")
    found = policy.notices.get((notice_id, int(version), language or policy.controller.languages[0]))
    if found is None:
        raise BadInput("the policies hold no such notice, version and language", code="unknown_notice")
    return found


@NOUN.operation("GET", "/<uuid:record_id>", rule=Scope.CONSENTS_READ, gives=Consent, refuses=(404,))
def read_consent(record_id: UUID) -> dict[str, Any]:
    """Read one record; `leaf_index` is its place in the log."""
    with reading(service().sessions) as session:
        row = session.get(ConsentRecord, record_id)
        if row is None:
            raise NotFound("there is no such consent record")
        return {
            "record_id": str(row.id),
            "subject_ref": str(row.subject_ref),
            "purpose": row.purpose,
            "purpose_version": row.purpose_version,
            "channel": row.channel,
            "state": row.state,
            "at": iso(row.at),
            "recorded_at": iso(row.recorded_at),
            "expires_at": iso(row.expires_at) if row.expires_at else None,
            "notice": f"{row.notice_id}@{row.notice_version}/{row.notice_language}",
            "notice_sha256": row.notice_sha256,
            "policy_sha256": row.policy_sha256,
            "method": row.method,
            "leaf_index": leaf_index(session, row.event_id),
        }


@NOUN.operation(
    "GET",
    "/<uuid:record_id>/receipt",
    rule=Scope.CONSENTS_READ,
    query=ReceiptQuery,
    gives=ConsentReceipt,
    refuses=(404, 409),
    also=OTHER_FORMS,
)
def read_receipt(asked: Mapping[str, Any], record_id: UUID) -> Response:
    """Compose the receipt of a record, which anyone can verify offline; it holds what the person declared."""
    wired = service()
    form = ReceiptForm(asked["format"]) if "format" in asked else _accepted()
    with reading(wired.sessions) as session:
        made = export(session, wired, record_id, form, asked.get("lang", LANGUAGES[0]))
    answer = Response(made.content, mimetype=made.media_type)
    if form is not ReceiptForm.RECEIPT:
        answer.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    answer.vary.add("Accept")
    return answer


def _accepted() -> ReceiptForm:
    """Return the form that `Accept` asks for; the receipt itself where it asks for none of them."""
    wanted = request.accept_mimetypes.best_match(list(MEDIA_TYPES.values()), MEDIA_TYPES[ReceiptForm.RECEIPT])
    return next(form for form, media_type in MEDIA_TYPES.items() if media_type == wanted)
