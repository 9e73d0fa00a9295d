"""What the explorer says beside the specification: meanings where it is silent, problem codes, and what to do then.

`OF_THE_SPECIFICATION` repeats the sentences of the operations, so that the catalogue knows them; a test holds both
against the document that is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from web.shell.language import later

NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "decisions": later("Decisions"),
        "consents": later("Consents"),
        "requests": later("Requests"),
        "ledger": later("Log"),
        "subjects": later("Persons"),
        "health": later("Health"),
    }
)
OF_THE_SPECIFICATION = (
    later("Answers before a contact is made."),
    later("Declarations of persons, and their proofs."),
    later("Requests of data subjects."),
    later("The log's checkpoints and proofs."),
    later("Persons, by reference alone."),
    later("Whether the service lives, and can work."),
    later("Say whether a person may be contacted, and why."),
    later("A shared address is as free as its most reserved owner; an unknown person is never allowed."),
    later("Say of up to 10,000 persons whether each may be contacted, and why; the answers stand in the same order."),
    later(
        "Record what a person declared, under the notice that was shown; `requested` asks for a confirmation by mail."
    ),
    later("Read one record; `leaf_index` is its place in the log."),
    later("Compose the receipt of a record, which anyone can verify offline; it holds what the person declared."),
    later("Open a case; the answer is the same for a known and an unknown person."),
    later("Read where a request stands, and what became of each field."),
    later("Return the newest signed checkpoint; keep it elsewhere, a log alone cannot show that it was rolled back."),
    later("Return the public keys that verify checkpoints, receipts and certificates, the newest first (C2SP vkey)."),
    later(
        "Return a tile, or a bundle of entries (C2SP tlog-tiles), such as `0/x001/234`, `1/000.p/17`, `entries/000`."
    ),
    later("Prove that leaf `index` stands in the log of `size` leaves (RFC 9162, 2.1.3)."),
    later("Prove that the log of `from` leaves begins the log of `to` leaves (RFC 9162, 2.1.4)."),
    later("Find the persons who are reached at an e-mail address or telephone number."),
    later("Say that the process answers."),
    later("Say that both databases answer with the tables of this version, and that the keyring opens."),
    later("A new random value for each request, the same when it is repeated; kept for a day."),
    later("When it was declared; now."),
    later("A past instant to ask about."),
    later("When it came in; now."),
    later("`marketing` or a purpose."),
    later("Article of the law that it rests on."),
    later("Goes before Accept; without either it is the receipt that verifies alone."),
    later("Of the PDF."),
)
_PERSON = later("Address of the person. Give this or `subject_ref`, never both.")
_REFERENCE = later("Reference of the person, as `POST /subjects/search` tells it.")
_RECORD = later("The record of a declaration.")
_CASE = later("Eight letters and digits that name the request, such as `B4GT-W7C3`.")
_WORDS = later("Id of a purpose in the policies.")
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "about": later("How this receipt was made, in words."),
        "allowed": later("Whether the contact may be made."),
        "article": later("The article of the law that the answer rests on."),
        "at": later("When it was declared."),
        "basis": later("The legal basis of the purpose (Art. 6)."),
        "changes": later("For a rectification: field and new value, such as `address.city`."),
        "channel": later("The way of contact."),
        "closed_at": later("When the case was closed; null while it is open."),
        "content": later("What the person declared; its hash stands in the event."),
        "details": later("Anything else that proves the declaration, by name. No secrets."),
        "due_on": later("The last day for the answer, holidays counted."),
        "due_on_unrolled": later("The same day before holidays moved it."),
        "email": _PERSON,
        "erased": later("In place of the content, once the person was erased: the certificate's number in the log."),
        "event": later("The event as it stands in the log."),
        "evidence": later("Where the proof, or the mandate, is kept."),
        "expires_at": later("When the consent ends by itself; null where it does not."),
        "extended_due_on": later("The last day if the time limit is extended (Art. 12(3))."),
        "field": later("The field; empty for a whole row."),
        "form_sha256": later("SHA-256 of the form as it was shown, in hex."),
        "format": later("The format and its version."),
        "from": later("Size of the older log, in leaves."),
        "ground": later("Why it was not done, or only in part."),
        "hashes": later("Hashes of the proof in base64, in the order of the RFC."),
        "index": later("Number of the leaf, from 0."),
        "items": later("What became of each field or row."),
        "leaf_index": later("The place of the event in the log; null until it has one."),
        "method": later("How the declaration was made."),
        "note": later("The checkpoint as signed text (C2SP)."),
        "notice": later("The notice that was shown: `id@version`, or `id@version/language`."),
        "notice_sha256": later("SHA-256 of the notice's text."),
        "outcome": later("How it ended; null while it is open."),
        "path": later("The path below `tile/`, as C2SP tlog-tiles writes it."),
        "phone": later("Telephone number: international, or as it is written in the controller's country."),
        "policy_sha256": later("SHA-256 of the policies that were applied."),
        "proof": later("The path to a signed root of the log."),
        "purpose": _WORDS,
        "purpose_version": later("The version of that purpose in the policies."),
        "also": later("What else would forbid it, from the same list."),
        "decisions": later("One answer for each person, in the order of the request."),
        "reason": later("Why, from a closed list."),
        "received_at": later("When the request came in."),
        "record_id": _RECORD,
        "recorded_at": later("When it was written down here."),
        "records": later("Every record that was made: several where a no came from a shared address."),
        "ref": later("The row's own reference, where it has one."),
        "reference": _CASE,
        "requester": later("Address of whoever asks for the person; then give `role` as well."),
        "right": later("A right that is asked for."),
        "rights": later("What is asked for; each right once."),
        "role": later("As whom `requester` asks."),
        "root": later("Root of the Merkle tree, in hex."),
        "rule_pack": later("The dated rules that the deadline was computed by."),
        "scope": later("What an objection or withdrawal is about; null is everything."),
        "size": later("Number of leaves in the log."),
        "state": later("What was declared."),
        "status": later("Where it stands."),
        "store": later("The store that it lies in."),
        "subject_ref": _REFERENCE,
        "subject_refs": later("References of the persons asked about, as `POST /subjects/search` tells them."),
        "subjects": later("Everybody who is reached there."),
        "to": later("Size of the newer log, in leaves."),
        "truncated": later("Whether more persons are reached there than are listed."),
        "until": later("The day until which it is kept."),
        "until_event": later("The event until which it is kept."),
        "vkeys": later("The log's public keys, one line each."),
        "Decision.record_id": later("The record that decided, where one did."),
        "Health.status": later("`ok` or `ready`."),
        "Problem.detail": later("One sentence for the developer; it never repeats what was sent."),
        "Problem.errors": later("The places that do not fit."),
        "Problem.status": later("The status of the answer, again."),
        "Problem.title": later("The status in words."),
        "Problem.type": later("`urn:consentcore:problem:` and the code. Decide by this, not by the sentences."),
        "ProblemError.detail": later("What does not fit there."),
        "ProblemError.pointer": later("`#/…` is a place in the body, `?/…` a parameter."),
        "RequestIn.channel": later("How the request came in."),
        "RequestItem.outcome": later("What became of it."),
        "SearchIn.email": later("E-mail address. Give this or `phone`, never both."),
    }
)
"""Meaning of a field by `Schema.field`, or by its name alone; where the specification describes it, that stands."""


@dataclass(frozen=True, slots=True)
class Code:
    """A problem code: what it means and what to do; only what takes one of `takes` can be refused so."""

    status: int
    code: str
    meaning: str
    takes: tuple[str, ...] = ()


_ONCE = ("Idempotency-Key",)
_CHOICE = ("purpose", "scope")
CODES = (
    Code(400, "malformed_request", later("The body is no JSON, or `Idempotency-Key` is missing. Mend the program.")),
    Code(401, "unauthorized", later("There is no valid key. Check the header `Authorization` and the key itself.")),
    Code(403, "insufficient_scope", later("The key lacks the scope; `detail` names it. Ask for another key.")),
    Code(404, "not_found", later("There is no such thing, or nobody is known at that address.")),
    Code(409, "conflict", later("Things have changed, or do not allow this. Read again, then decide.")),
    Code(
        409,
        "shared_contact_point",
        later("Several persons share the address. Name one by `subject_ref`."),
        takes=("notice",),
    ),
    Code(
        409,
        "idempotency_key_running",
        later("The first attempt still runs. Repeat with the same key in a second or two."),
        takes=_ONCE,
    ),
    Code(413, "content_too_large", later("The body is larger than 64 kB.")),
    Code(415, "unsupported_media_type", later("Send JSON in UTF-8 as `application/json`, without compression.")),
    Code(422, "invalid_request", later("A field does not fit; `errors` names each place. Mend the data.")),
    Code(422, "bad_input", later("The fields do not go together; `detail` says why.")),
    Code(422, "policy_violation", later("The policies do not allow this; `article` names the law."), takes=_CHOICE),
    Code(
        422,
        "unknown_purpose",
        later("The policies have no such purpose; `detail` lists those they have."),
        takes=_CHOICE,
    ),
    Code(422, "unknown_notice", later("The policies have no such notice, version and language."), takes=("notice",)),
    Code(
        422,
        "idempotency_key_reused",
        later("This `Idempotency-Key` was used with another request. Take a new one."),
        takes=_ONCE,
    ),
    Code(500, "error", later("It went wrong on our side; nothing was changed. Tell whoever runs the service.")),
    Code(503, "unavailable", later("Nothing was changed. Wait as `Retry-After` says, then repeat with the same key.")),
)
"""What an operation may be refused with; those of the framework's own (404, 405 elsewhere) carry the same shape."""
