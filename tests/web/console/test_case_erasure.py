"""An erasure over HTTP: planned by one, approved by another, carried out in sight, certified; and a refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count

import pytest
from sqlalchemy import select

from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.requests import lifecycle
from consentcore.requests.intake import Intake, IntakeChannel
from consentcore.requests.tables import ItemOutcome, Outcome, Right, Status, SubjectRequest
from consentcore.requests.tasks import TaskKind
from tests.builders.console import NOW, ConsoleSite
from tests.builders.customers import EMAIL, bought, open_customer
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.console import request_words
from web.jobs.executions import carry_on
from web.security.permissions import Permission, Role, may
from web.transaction import reading, unit
from web.wiring import Service

StaffOf = Callable[[Role], Browser]
NUMBERS = count(1)


@pytest.fixture
def wired(site: ConsoleSite) -> Service:
    return site.wired


@pytest.fixture
def staff_of(site: ConsoleSite) -> StaffOf:
    return site.browser


@pytest.fixture
def camille(wired: Service) -> str:
    """The address of a person whom no other test of the module knows."""
    email = f"c{next(NUMBERS)}amille@courriel.example"
    open_people(wired.sessions, wired.keyring, NOW, email)
    return email


@pytest.fixture
def erasure_of(site: ConsoleSite, camille: str) -> Callable[[str], str]:
    """Take an erasure in and bring it to a status."""
    return lambda to: site.request(Intake((Right.ERASURE,), email=camille), NOW, to=to)


def state(wired: Service, reference: str) -> SubjectRequest:
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        session.expunge(dsr)
        return dsr


def test_an_erasure_from_plan_to_certificate(wired: Service, staff_of: StaffOf, site: ConsoleSite) -> None:
    open_customer(wired.sessions, wired.keyring, wired.policy, NOW, bought("invoice", date(2026, 2, 4)))
    reference = site.request(Intake((Right.ERASURE,), email=EMAIL), NOW, to="verified")
    operator, approver = staff_of(Role.OPERATOR), staff_of(Role.APPROVER)
    operator.get(f"/requests/{reference}")
    made = operator.post(f"/requests/{reference}/plan")
    assert made.status_code == 303 and made.headers["Location"].endswith("/plan")
    plan = approver.get(f"/requests/{reference}/plan").get_data(as_text=True)
    sha256 = state(wired, reference).plan_sha256
    assert sha256 is not None and sha256 in plan
    for said in (
        "Contact record",
        "Code de commerce",
        "until 31 December 2036",
        "Test operator",
        "destroyed",
        "by e-mail",
    ):
        assert said in plan, said
    confirm = f"/requests/{reference}/plan/approval"
    wrong = approver.post(confirm, {"plan": sha256, "typed": "AAAA-BBBB"})
    assert wrong.status_code == 422 and "This is not the reference" in wrong.get_data(as_text=True)
    outrun = approver.post(confirm, {"plan": "0" * 64, "typed": reference})
    assert outrun.status_code == 409 and "no longer those that you saw" in outrun.get_data(as_text=True)
    assert state(wired, reference).status == "assessed"
    assert approver.post(confirm, {"plan": sha256, "typed": reference.lower().replace("-", " ")}).status_code == 303
    assert "Carry out the erasure" in approver.get(f"/requests/{reference}").get_data(as_text=True)
    started = operator.post(f"/requests/{reference}/execution")
    assert started.status_code == 303 and state(wired, reference).status == "executing"
    page = operator.get(f"/requests/{reference}/execution").get_data(as_text=True)
    assert "0 of 11 steps done" in page and "progress.js" in page and "Look again" in page
    assert operator.get(f"/requests/{reference}/execution/state").get_json()["running"] is True
    assert operator.post(f"/requests/{reference}/execution").status_code == 409
    assert carry_on(wired) == 1
    finished = operator.get(f"/requests/{reference}/execution/state").get_json()
    assert finished == {"done": 11, "running": False, "said": "11 of 11 steps done", "total": 11}
    assert "progress.js" not in operator.get(f"/requests/{reference}/execution").get_data(as_text=True)
    closed = operator.get(f"/requests/{reference}").get_data(as_text=True)
    assert "What stays, and why" in closed and "Download the certificate" in closed and "Carried out in part" in closed
    note = operator.get(f"/requests/{reference}/certificate")
    assert note.mimetype == "text/plain" and note.get_data(as_text=True).startswith("consentcore certificate v1\n")


def test_whoever_made_a_plan_reads_why_another_person_must_approve(
    wired: Service, staff_of: StaffOf, erasure_of: Callable[[str], str]
) -> None:
    reference = erasure_of("verified")
    dpo = staff_of(Role.DPO)  # may do both, though never on one plan
    dpo.get(f"/requests/{reference}")
    dpo.post(f"/requests/{reference}/plan")
    page = dpo.get(f"/requests/{reference}/plan").get_data(as_text=True)
    assert "You made this plan." in page and "Approve this plan" not in page
    sha256 = state(wired, reference).plan_sha256
    tried = dpo.post(f"/requests/{reference}/plan/approval", {"plan": sha256, "typed": reference})
    assert tried.status_code == 403 and "a second person has to" in tried.get_data(as_text=True)
    assert state(wired, reference).status == "assessed"
    page = staff_of(Role.APPROVER).get(f"/requests/{reference}/plan").get_data(as_text=True)
    assert "Approve this plan" in page
    assert "approved by an approver" in staff_of(Role.AUDITOR).get(f"/requests/{reference}/plan").get_data(as_text=True)


def test_an_execution_that_stopped_is_planned_again(
    wired: Service, staff_of: StaffOf, erasure_of: Callable[[str], str]
) -> None:
    reference = erasure_of("assessed")
    dsr = state(wired, reference)
    with unit(wired.sessions) as session:
        lifecycle.approved(session, dsr.id, dsr.plan_sha256 or "", "second@exemplia-jardins.example", wired.now())
        lifecycle.start(session, dsr.id, wired.now())
        lifecycle.failed(session, dsr.id, "conflict", wired.now())
    operator = staff_of(Role.OPERATOR)
    page = operator.get(f"/requests/{reference}").get_data(as_text=True)
    assert "Data or policies changed since the plan was approved." in page and "Make the plan again" in page
    assert "Stopped" in operator.get(f"/requests/{reference}/execution").get_data(as_text=True)
    assert operator.post(f"/requests/{reference}/plan").status_code == 303
    assert state(wired, reference).status == "assessed"


def test_an_erasure_without_approval_is_not_started(
    wired: Service, staff_of: StaffOf, erasure_of: Callable[[str], str]
) -> None:
    reference = erasure_of("assessed")
    operator = staff_of(Role.OPERATOR)
    assert operator.post(f"/requests/{reference}/execution").status_code == 409
    assert state(wired, reference).status == "assessed"
    assert operator.get(f"/requests/{reference}/execution").status_code == 303


ACTIONS = {
    "name": (Permission.PERSONS_REVEAL, 303),
    "verification": (Permission.REQUESTS_HANDLE, 422),
    "plan": (Permission.REQUESTS_HANDLE, 409),
    "plan/approval": (Permission.ERASURE_APPROVE, 422),
    "execution": (Permission.REQUESTS_EXECUTE, 409),
    "refusal": (Permission.REQUESTS_HANDLE, 422),
}


def test_every_role_does_what_its_permissions_say_and_nothing_else(
    wired: Service, staff_of: StaffOf, site: ConsoleSite, camille: str
) -> None:
    reference = site.request(Intake((Right.ERASURE,), email=camille), NOW)
    steps = state(wired, reference).status
    for role in Role:
        browser = staff_of(role)
        for action, (permission, allowed) in ACTIONS.items():
            status = browser.post(f"/requests/{reference}/{action}").status_code
            if not may(role, permission):
                assert status == 403, (role, action)
            elif action == "plan/approval":  # this request has no plan that could be shown
                assert status in (404, allowed), (role, action)
            else:
                assert status == allowed, (role, action)
        for page in ("", "/execution"):
            assert browser.get(f"/requests/{reference}{page}").status_code in (200, 303), (role, page)
    assert state(wired, reference).status == steps == "received"


def test_a_form_of_another_session_is_refused(
    wired: Service, staff_of: StaffOf, erasure_of: Callable[[str], str]
) -> None:
    reference = erasure_of("assessed")
    operator, approver = staff_of(Role.OPERATOR), staff_of(Role.APPROVER)
    sha256 = state(wired, reference).plan_sha256
    stolen = {"plan": sha256, "typed": reference, "form_token": operator.form_token}
    assert approver.post(f"/requests/{reference}/plan/approval", stolen).status_code == 403
    foreign = approver.post(
        f"/requests/{reference}/plan/approval",
        {"plan": sha256, "typed": reference},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert foreign.status_code == 403
    assert state(wired, reference).status == "assessed"
    nobody = Browser(approver.client.application)
    assert nobody.get(f"/requests/{reference}").status_code == 303
    assert nobody.post(f"/requests/{reference}/name").status_code == 303
    assert nobody.page is not None and nobody.page.headers["Location"].endswith("/sign-in")


def test_a_refusal_shows_its_letter_before_it_is_sent(
    wired: Service, staff_of: StaffOf, site: ConsoleSite, camille: str
) -> None:
    reference = site.request(Intake((Right.ACCESS,), email=camille), NOW)
    browser, path = staff_of(Role.OPERATOR), f"/requests/{reference}/refusal"
    browser.get(path)
    form = {"ground": "excessive", "reason": "The same was asked <three> times this month."}
    for bad in ({**form, "ground": "because"}, {**form, "reason": "short"}, {}):
        assert browser.post(path, bad).status_code == 422
    preview = browser.post(path, form).get_data(as_text=True)
    assert "Nothing was sent yet" in preview and "&lt;three&gt; times" in preview and "CNIL" in preview
    assert state(wired, reference).status == "received"
    assert "&lt;three&gt;" in browser.post(path, {**form, "step": "change"}).get_data(as_text=True)
    assert browser.post(path, {**form, "step": "send"}).status_code == 303
    assert state(wired, reference).status == "refused"
    with reading(wired.sessions) as session:
        letters = [opened(wired.keyring, row) for row in session.scalars(select(OutboxMessage))]
    sent = [one for one in letters if one is not None and one.kind == "request_refused" and one.to == camille]
    assert [one.to for one in sent] == [camille] and form["reason"] in sent[0].body
    again = browser.post(path, {**form, "step": "send"})
    assert again.status_code == 409 and "can no longer be refused" in again.get_data(as_text=True)


def test_every_code_has_its_words() -> None:
    for codes, words in (
        (Right, request_words.RIGHT_WORDS),
        (Right, request_words.RIGHT_TITLES),
        (Status, request_words.STATUS_WORDS),
        (Outcome, request_words.OUTCOME_WORDS),
        (ItemOutcome, request_words.ITEM_WORDS),
        (IntakeChannel, request_words.CHANNEL_WORDS),
    ):
        assert set(codes) == set(words)
    assert {*request_words.TASK_WORDS, TaskKind.EXECUTE} == set(TaskKind)
