"""Consents of other systems: a yes stands with its proof, a claim without one is unknown, a no is always a no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from consentcore.consent.decide import Reason, decide
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.errors import ConfigurationError
from consentcore.importing.consent_cells import STATES
from consentcore.importing.counts import Counts
from consentcore.importing.reader import open_source
from consentcore.importing.runs import prepare
from consentcore.importing.steps import examine_file, load_file
from consentcore.importing.targets import CONSENT_NEEDS
from consentcore.ledger.canonical import decode
from consentcore.ledger.content import open_contents
from consentcore.ledger.tables import LogEvent
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects import restrictions
from consentcore.subjects.restrictions import Ground
from consentcore.suppression.entries import entries_of_person
from tests.builders.policies import shipped

PEOPLE = [["1", "Zoé", "Lefèvre", "zoe@exemple.example", "", "France"], ["2", "Jan", "", "jan@exemple.example", "", ""]]
FIELDS = {
    "contact.external_id": "who",
    "purpose": "purpose",
    "channel": "channel",
    "state": "state",
    "at": "at",
    "method": "how",
    "notice": "notice",
}
HEADER = ("id", *FIELDS.values())
PROVEN = ["a", "1", "newsletter", "email", "subscribed", "2025-03-01T10:00:00Z", "web_form", "newsletter@1"]


def row(ident: str = "a", **changes: str) -> list[str]:
    cells = dict(zip(HEADER, PROVEN, strict=True)) | {"id": ident} | changes
    return list(cells.values())


@pytest.fixture
def consents(mapping: Any) -> Any:
    def made(**changes: Any) -> Any:
        return mapping(**({"entity": "consent", "fields": FIELDS} | changes))

    return made


def run(
    importer: Any, its_mapping: Any, content: str, verb: Any = load_file, policy: PolicySet | None = None, size: int = 9
) -> Counts:
    extra = {"clock": lambda: importer.now} if verb is load_file else {}
    with open_source(importer.file(content), its_mapping) as file:
        its = prepare(
            its_mapping, file, source=None, obtained_on=date(2026, 11, 9), region="FR", policy=policy or shipped()
        )
        return [Counts(), *verb(importer.factory.begin, importer.keyring, its, file, size=size, **extra)][-1]


def records(importer: Any) -> list[ConsentRecord]:
    with importer.factory() as session:
        return list(session.scalars(select(ConsentRecord).order_by(ConsentRecord.recorded_at, ConsentRecord.at)))


def reason(importer: Any, person: UUID, at: datetime | None = None) -> Reason:
    with importer.factory() as session:
        now = at or importer.now
        assert list(compare(session, importer.keyring)) == []
        return decide(session, person, "newsletter", Channel.EMAIL, shipped(), now).reason


def test_a_yes_with_notice_method_and_time_stands(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    content = as_csv([row()], HEADER)
    assert run(importer, consents(), content, examine_file) == Counts(rows=1, created=1)
    assert records(importer) == []
    assert run(importer, consents(), content) == Counts(rows=1, created=1)
    (kept,) = records(importer)
    assert (kept.state, kept.method, kept.notice_language) == ("given", "web_form", "fr")
    assert kept.at == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert kept.expires_at == datetime(2028, 3, 1, 10, tzinfo=UTC)
    assert reason(importer, kept.subject_ref) is Reason.CONSENT_GIVEN
    assert run(importer, consents(), content) == Counts(rows=1, duplicates=1)


@pytest.mark.parametrize(
    "lacking",
    [
        {"notice": ""},
        {"notice": "newsletter@9"},
        {"notice": "promotions@1"},
        {"notice": "our old form"},
        {"how": ""},
        {"how": "a fair"},
        {"how": "import"},
        {"at": ""},
        {"state": "single opt-in"},
        {"state": "cleaned"},
    ],
)
def test_a_yes_that_lacks_anything_is_unknown_and_what_was_said_is_kept(
    importer: Any, as_csv: Any, consents: Any, lacking: dict[str, str]
) -> None:
    importer.load(as_csv(PEOPLE))
    content = as_csv([row(**lacking)], HEADER)
    assert run(importer, consents(), content) == Counts(rows=1, created=1)
    (kept,) = records(importer)
    assert (kept.state, kept.method, kept.expires_at) == ("unknown", "import", None)
    assert reason(importer, kept.subject_ref) is Reason.CONSENT_UNPROVEN
    with importer.factory() as session:
        header = session.get_one(LogEvent, kept.event_id).header
        claim = (kept.event_id.bytes, kept.subject_ref.bytes, header)
        sealed = open_contents(session, importer.keyring, [claim])[kept.event_id.bytes]
    assert isinstance(sealed, bytes)
    said = {one["name"]: one["text"] for one in decode(sealed)["details"]}
    cells = dict(zip(HEADER, row(**lacking), strict=True))
    assert said["source"] == "shop"
    assert said.get("notice", "") == cells["notice"]
    assert said.get("method", "") == cells["how"]
    assert STATES[said["state"]] == STATES[cells["state"].replace(" ", "_").replace("-", "_")]
    assert run(importer, consents(), content) == Counts(rows=1, duplicates=1)


@pytest.mark.parametrize("word", ["unsubscribed", "Opt-Out", "withdrawn", "OPTED OUT"])
@pytest.mark.parametrize("rest", [{}, {"how": "", "notice": "", "at": ""}])
def test_an_unsubscription_is_a_withdrawal_and_keeps_the_address_out(
    importer: Any, as_csv: Any, consents: Any, word: str, rest: dict[str, str]
) -> None:
    importer.load(as_csv(PEOPLE))
    assert run(importer, consents(), as_csv([row(state=word, **rest)], HEADER)) == Counts(rows=1, created=1)
    (kept,) = records(importer)
    assert kept.state == "withdrawn"
    with importer.factory() as session:
        (entry,) = entries_of_person(session, kept.subject_ref)
    assert (entry.scope, entry.reason, entry.since) == ("newsletter", "import", kept.at)
    assert reason(importer, kept.subject_ref) is Reason.SUPPRESSED


def test_an_import_never_revives_what_the_person_took_back_here(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    run(importer, consents(), as_csv([row()], HEADER))
    (kept,) = records(importer)
    choice = Choice("newsletter", Channel.EMAIL, ConsentState.WITHDRAWN, shipped().notice("newsletter", 1, "fr"))
    with importer.factory.begin() as session:
        record(session, kept.subject_ref, [choice], shipped(), Evidence("portal"), importer.now)
    later = row("b", state="single_opt_in", at=importer.now.isoformat())
    assert run(importer, consents(), as_csv([later], HEADER)) == Counts(rows=1, created=1)
    assert reason(importer, kept.subject_ref) is Reason.CONSENT_WITHDRAWN


def test_a_changed_row_adds_a_record_and_leaves_the_first_as_it_was(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    run(importer, consents(), as_csv([row()], HEADER))
    changed = as_csv([row(state="unsubscribed", at="2026-01-01T00:00:00Z")], HEADER)
    assert run(importer, consents(), changed, examine_file) == Counts(rows=1, updated=1)
    assert run(importer, consents(), changed) == Counts(rows=1, updated=1)
    assert run(importer, consents(), changed) == Counts(rows=1, duplicates=1)
    assert [one.state for one in records(importer)] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    ("bad", "column", "cause"),
    [
        ({"who": "9"}, "who", "import the contacts first"),
        ({"who": ""}, "who", "missing"),
        ({"purpose": "nothing"}, "purpose", "no purpose"),
        ({"purpose": "invoicing"}, "purpose", "not on consent"),
        ({"channel": "sms"}, "purpose", "not declared for channel"),
        ({"channel": "fax"}, "channel", "channel must be"),
        ({"state": "maybe"}, "state", "no known state"),
        ({"state": ""}, "state", "is empty"),
        ({"at": "yesterday"}, "at", "not a date"),
        ({"at": "2026-11-11T00:00:00Z"}, "at", "later than the day"),
        ({"notice": "x" * 300}, "notice", "characters"),
    ],
)
def test_a_row_that_cannot_be_taken_is_set_aside_with_its_cause(
    importer: Any, as_csv: Any, consents: Any, bad: dict[str, str], column: str, cause: str
) -> None:
    importer.load(as_csv(PEOPLE))
    assert run(importer, consents(), as_csv([row(**bad)], HEADER)) == Counts(rows=1, quarantined=1)
    (aside,) = importer.quarantine()
    assert f"column {column!r}" in aside["consentcore_cause"]
    assert cause in aside["consentcore_cause"]
    assert records(importer) == []


def test_an_id_keeps_to_its_person_and_purpose(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    run(importer, consents(), as_csv([row()], HEADER))
    moved = [row(who="2")]
    other = [row(purpose="promotions", notice="promotions@1")]
    for rows, cause in ((moved, "another contact"), (other, "another purpose")):
        assert run(importer, consents(), as_csv(rows, HEADER)) == Counts(rows=1, quarantined=1)
        assert any(cause in one["consentcore_cause"] for one in importer.quarantine())
    assert len(records(importer)) == 1


def test_what_is_dated_later_today_is_recorded_as_of_now(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    ahead = (importer.now + timedelta(hours=3)).isoformat()
    assert run(importer, consents(), as_csv([row(at=ahead)], HEADER)) == Counts(rows=1, created=1)
    assert records(importer)[0].at == importer.now


def test_a_yes_from_before_an_erasure_is_set_aside_and_a_no_is_taken(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    run(importer, consents(), as_csv([row()], HEADER))
    person, request = records(importer)[0].subject_ref, uuid4()
    with importer.factory.begin() as session:
        restrictions.place(session, person, Ground.ERASURE_RUNNING, importer.now, request_id=request)
        restrictions.lift_all(session, person, request, importer.now)
    rows = [row("b"), row("c", at=""), row("d", state="unsubscribed")]
    assert run(importer, consents(), as_csv(rows, HEADER)) == Counts(rows=3, created=1, quarantined=2)
    assert reason(importer, person) is Reason.SUPPRESSED


def test_double_opt_in_wants_its_confirmation(importer: Any, as_csv: Any, consents: Any) -> None:
    made = shipped()
    newsletter = replace(made.purposes["newsletter"], double_opt_in=frozenset({Channel.EMAIL}))
    policy = replace(made, purposes={**made.purposes, "newsletter": newsletter})
    importer.load(as_csv(PEOPLE))
    rows = [row("a"), row("b", how="email_code"), row("c", state="confirmed")]
    run(importer, consents(), as_csv(rows, HEADER), policy=policy)
    assert sorted(one.state for one in records(importer)) == ["given", "given", "unknown"]


def test_constants_speak_for_every_row(importer: Any, as_csv: Any, consents: Any) -> None:
    importer.load(as_csv(PEOPLE))
    its = consents(
        fields={"contact.external_id": "who"},
        constants={"purpose": "newsletter", "channel": "email", "state": "unsubscribed"},
    )
    assert run(importer, its, as_csv([["a", "1"], ["b", "2"]], ("id", "who"))) == Counts(rows=2, created=2)
    assert {one.state for one in records(importer)} == {"withdrawn"}


def test_without_policies_nothing_is_read(importer: Any, as_csv: Any, consents: Any) -> None:
    with pytest.raises(ConfigurationError):
        importer.load(as_csv([row()], HEADER), consents())


def test_every_needed_target_is_named() -> None:
    assert set(CONSENT_NEEDS) == {"contact.external_id", "purpose", "channel", "state"}


_CELLS = {
    "id": st.integers(0, 5).map(str),
    "who": st.sampled_from(["1", "2", "3", ""]),
    "purpose": st.sampled_from(["newsletter", "promotions", "invoicing", "", "=1+1"]),
    "channel": st.sampled_from(["email", "EMAIL", "sms", "phone", "x", ""]),
    "state": st.sampled_from([*STATES, "Opt-Out", "", "maybe", "é", "\u202e"]),
    "at": st.sampled_from(["", "2025-01-01", "2026-11-09T23:00:00Z", "1000-01-01", "9998-12-31", "x"]),
    "how": st.sampled_from(["web_form", "Paper", "import", "fair", "", "x" * 300]),
    "notice": st.sampled_from(["newsletter@1", "newsletter@1/en", "promotions@1", "newsletter@99", "", "@", "'"]),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(_CELLS), max_size=10), size=st.integers(1, 4))
def test_every_row_is_in_one_count_and_again(
    importer: Any, as_csv: Any, mapping: Any, rows: list[dict[str, str]], size: int
) -> None:
    system = str(uuid4())
    importer.load(as_csv(PEOPLE), mapping(system=system))
    its = mapping(entity="consent", fields=FIELDS, system=system)
    content = as_csv([list(one.values()) for one in rows], HEADER)
    there, aside = len(records(importer)), len(importer.quarantine())
    dry = run(importer, its, content, examine_file, size=size)
    assert len(records(importer)) == there
    first = run(importer, its, content, size=size)
    assert dry == first
    assert first.rows == first.created + first.quarantined == len(rows)
    assert len(records(importer)) == there + first.created
    assert len(importer.quarantine()) == aside + first.quarantined
    again = run(importer, its, content, size=size)
    assert again.rows == again.updated + again.duplicates + again.quarantined
    assert again.quarantined == first.quarantined
    ahead = sum(one["at"].startswith("2026-11-09T23") for one in rows)
    assert again.updated <= ahead  # only what was dated later than now
    with importer.factory() as session:
        assert list(compare(session, importer.keyring)) == []
