"""Every page of the faces in every state worth seeing: what is shown to axe, measured, and drawn for docs/screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.doubleoptin import Pending
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentRecord, ConsentState, ConsentStateRow
from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.policyset import Channel
from consentcore.requests.intake import address_on_record
from consentcore.requests.tables import RequestRight, Right, Status, SubjectRequest
from consentcore.subjects.matching import find_subjects
from consentcore.suppression.tables import MARKETING
from tests.builders.site import Site
from web.receipts import ReceiptForm, export
from web.security import consent_links, sessions, staff
from web.security.consent_links import ConsentLink
from web.security.permissions import Role
from web.security.sessions import Visit
from web.security.unsubscribe_links import Unsubscription, issue
from web.transaction import reading, unit

Act = Callable[[Page], None]
CAMILLE = "camille.deschamps@courriel.example"
FAMILY = "famille.marchand@courriel.example"
NOBODY = "personne.ici@courriel.example"


@dataclass(frozen=True, slots=True)
class Place:
    """One page in one state: who looks (a role, a confirmed address, or nobody), where, and what is done there first.

    In a path of the portal `{lang}` stands for the language.
    """

    name: str
    path: str
    role: Role | None = None
    address: str | None = None
    act: Act | None = None

    @property
    def face(self) -> str:
        """Which face the page belongs to."""
        return self.path.split("/")[1]


def submitted(page: Page) -> None:
    """Send the main form as it stands."""
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("load")


def filled(values: dict[str, str], page: Page) -> None:
    """Fill fields by name, then send their form."""
    for name, value in values.items():
        field = page.locator(f"main [name={name}]").first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator(f"main form:has([name={next(iter(values))}]) button[type=submit]").first.click()
    page.wait_for_load_state("load")


def of_console(site: Site) -> Iterator[Place]:
    """Yield the console's pages."""
    dpo = partial(Place, role=Role.DPO)
    yield Place("sign-in", "/console/sign-in")
    yield Place("sign-in-failed", "/console/sign-in", act=partial(filled, {"email": "x@y.example", "password": "no"}))
    yield dpo("today", "/console/")
    yield Place("today-auditor", "/console/", role=Role.AUDITOR)
    yield dpo("requests", "/console/requests/")
    yield dpo("requests-none", "/console/requests/?right=human_review")
    yield dpo("intake", "/console/requests/new")
    yield dpo("intake-failed", "/console/requests/new", act=submitted)
    yield from _of_requests(site, dpo)
    yield dpo("people", "/console/people/")
    yield dpo("people-several", "/console/people/", act=partial(filled, {"email": FAMILY}))
    yield dpo("people-nobody", "/console/people/", act=partial(filled, {"email": NOBODY}))
    person, record = _camille(site)
    yield dpo("person", f"/console/people/{person}")
    yield dpo("proof", f"/console/people/{person}/records/{record}")
    yield dpo("decision", "/console/decision/")
    question = {"email": CAMILLE, "purpose": "newsletter", "channel": "email"}
    yield dpo("decision-answered", "/console/decision/", act=partial(filled, question))
    yield dpo("register", "/console/register/")
    yield dpo("register-activity", "/console/register/activities/newsletter")
    yield dpo("retention", "/console/retention/")
    yield dpo("log", "/console/log/")
    yield dpo("receipt-check", "/console/log/receipt/")
    yield dpo("receipt-check-empty", "/console/log/receipt/", act=submitted)
    yield dpo("receipt-check-proved", "/console/log/receipt/", act=partial(_shown_receipt, site, record))
    yield dpo("receipt-check-refused", "/console/log/receipt/", act=partial(_shown_receipt, site, record, changed=True))
    yield Place("explorer", "/api/v1/explorer?lang={lang}")
    yield dpo("account", "/console/account/")
    yield dpo("not-there", "/console/nothing")
    yield Place("not-allowed", "/console/requests/new", role=Role.AUDITOR)


def _shown_receipt(site: Site, record: UUID, page: Page, *, changed: bool = False) -> None:
    """Verify the receipt of a record, changed by one word or as it is."""
    with reading(site.service.sessions) as session:
        content = export(session, site.service, record, ReceiptForm.RECEIPT, "fr").content
    sent = content.replace(b'"given"', b'"renewed"') if changed else content
    page.locator("main input[type=file]").set_input_files(
        {"name": "consent-receipt.json", "mimeType": "application/json", "buffer": sent}
    )
    submitted(page)


def _of_requests(site: Site, dpo: Callable[..., Place]) -> Iterator[Place]:
    with reading(site.service.sessions) as session:
        seen: set[tuple[str, str]] = set()
        rows = session.execute(
            select(SubjectRequest.reference, SubjectRequest.status, RequestRight.right)
            .join(RequestRight, RequestRight.request_id == SubjectRequest.id)
            .order_by(SubjectRequest.due_on, SubjectRequest.reference, RequestRight.right)
        ).all()
    for reference, status, right in rows:
        if (status, right) in seen:
            continue
        seen.add((status, right))
        at = f"/console/requests/{reference}"
        yield dpo(f"request-{right}-{status}", at)
        if right == Right.ERASURE and status in (Status.ASSESSED, Status.APPROVED, Status.CLOSED):
            yield dpo(f"plan-{status}", f"{at}/plan")
        if right == Right.ERASURE and status in (Status.CLOSED, Status.ERRORED):
            yield dpo(f"execution-{status}", f"{at}/execution")
        if status == Status.ASSESSED:
            yield Place("plan-of-ones-own", f"{at}/plan", role=Role.OPERATOR)
        if (right, status) == (Right.ACCESS, Status.RECEIVED):
            yield dpo("verification", f"{at}/verification")
            yield dpo("refusal", f"{at}/refusal")
            yield dpo("refusal-failed", f"{at}/refusal", act=submitted)


def of_portal(site: Site) -> Iterator[Place]:
    """Yield the portal's pages."""
    known = partial(Place, address=CAMILLE)
    yield Place("start", "/portal/{lang}/")
    yield Place("sign-in", "/portal/{lang}/sign-in/")
    yield Place("sign-in-failed", "/portal/{lang}/sign-in/", act=partial(filled, {"email": "nonsense@"}))
    yield Place("code", "/portal/{lang}/sign-in/", act=partial(filled, {"email": CAMILLE}))
    yield Place("code-failed", "/portal/{lang}/sign-in/", act=_wrong_code)
    yield known("preferences", "/portal/{lang}/preferences/")
    yield known("preferences-saved", "/portal/{lang}/preferences/", act=_refuse_all)
    yield Place("preferences-shared", "/portal/{lang}/preferences/", address=FAMILY)
    yield Place("preferences-nobody", "/portal/{lang}/preferences/", address=NOBODY)
    yield known("history", "/portal/{lang}/history/")
    yield Place("notice", "/portal/{lang}/notices/newsletter/1")
    yield Place("about", "/portal/{lang}/about")
    yield Place("accessibility", "/portal/{lang}/accessibility")
    leaving = _unsubscribe(site)
    yield Place("unsubscribe", leaving)
    yield Place("unsubscribed", leaving, act=submitted)
    yield Place("unsubscribe-broken", "/portal/{lang}/u/nonsense")
    yield from _consent_links(site)
    for what in ("access", "rectification", "erasure", "portability", "limit"):
        yield Place(f"ask-{what}", f"/portal/{{lang}}/ask/{what}")
    yield Place("ask-failed", "/portal/{lang}/ask/rectification", act=submitted)
    yield Place("ask-whom", "/portal/{lang}/ask/access", act=submitted)
    yield known("ask-values", "/portal/{lang}/ask/rectification", act=_what_is_wrong)
    yield known("check-answers", "/portal/{lang}/ask/access", act=_on_to_the_answers)
    yield known("confirmation", "/portal/{lang}/ask/portability", act=_asked)
    yield known("follow", "/portal/{lang}/follow/")
    for name, address, reference in _followed(site):
        yield Place(f"follow-{name}", f"/portal/{{lang}}/follow/{reference}", address=address)
        if name.startswith("access-closed"):
            yield Place("download", f"/portal/{{lang}}/requests/{reference}/download", address=address)
    yield Place("not-there", "/portal/{lang}/nothing")


def _wrong_code(page: Page) -> None:
    filled({"email": CAMILLE}, page)
    filled({"code": "000000"}, page)


def _refuse_all(page: Page) -> None:
    page.locator("main button[name=all]").first.click()
    page.wait_for_load_state("load")


def _what_is_wrong(page: Page) -> None:
    for box in page.locator("main input[type=checkbox]").all()[:3]:
        box.check()
    submitted(page)


def _on_to_the_answers(page: Page) -> None:
    """Answer for oneself until the answers are to be checked."""
    for _ in range(6):
        if page.locator("main [name=submit]").count():
            return
        for_me = page.locator("main input[type=radio][value=me]")
        if for_me.count():
            for_me.check()
        submitted(page)
    raise AssertionError(f"the answers were not reached: {page.url}")


def _asked(page: Page) -> None:
    _on_to_the_answers(page)
    page.locator("main form:has([name=submit]) button[type=submit]").click()
    page.wait_for_url("**/requests/*")


def _unsubscribe(site: Site) -> str:
    with reading(site.service.sessions) as session:
        found = session.scalar(
            select(ConsentStateRow.subject_ref).where(
                ConsentStateRow.purpose == "newsletter",
                ConsentStateRow.state == ConsentState.GIVEN.value,
                ConsentStateRow.subject_ref != _person(session, site),
            )
        )
    assert found is not None
    wanted = Unsubscription(found, "newsletter", Channel.EMAIL, site.service.now())
    return "/portal/{lang}/u/" + issue(site.service.keyring, wanted)


def _pressed(page: Page) -> None:
    """Press the button of a link that works once; where it was pressed before, its page stays as it is."""
    if page.locator("main form button[type=submit]").count():
        submitted(page)


def _consent_links(site: Site) -> Iterator[Place]:
    """Yield the pages of links that confirm, renew or end all marketing, each of another person."""
    now, policy = site.service.now(), site.service.policy
    with unit(site.service.sessions) as session:
        people = session.execute(
            select(ConsentStateRow.subject_ref, ConsentStateRow.record_id)
            .where(
                ConsentStateRow.purpose == "newsletter",
                ConsentStateRow.state == ConsentState.GIVEN.value,
                ConsentStateRow.subject_ref != _person(session, site),
            )
            .order_by(ConsentStateRow.subject_ref.desc())
            .limit(5)
        ).all()
        notice = policy.notice("partner_sharing", 1, "fr")
        choice = Choice("partner_sharing", Channel.EMAIL, ConsentState.REQUESTED, notice)
        asked = []
        for person, _ in people[:2]:
            to = address_on_record(session, site.service.keyring, person)
            done = record(session, person, [choice], policy, Evidence("web_form", to), now)
            asked.append(Pending(done[0].record_id, person, "partner_sharing", Channel.EMAIL))

    def link(pending: Pending, answer: ConsentState) -> str:
        wanted = ConsentLink(pending, answer, now + consent_links.CONFIRMED_WITHIN)
        return "/portal/{lang}/c/" + consent_links.issue(site.service.keyring, wanted)

    yield Place("confirm", link(asked[0], ConsentState.GIVEN))
    yield Place("confirmed", link(asked[1], ConsentState.GIVEN), act=_pressed)
    yield Place("confirm-over", "/portal/{lang}/c/nonsense")
    renewing = [Pending(one.record_id, one.subject_ref, "newsletter", Channel.EMAIL) for one in people[2:4]]
    yield Place("renew", link(renewing[0], ConsentState.RENEWED))
    yield Place("renewed", link(renewing[1], ConsentState.RENEWED), act=_pressed)
    leaving = issue(site.service.keyring, Unsubscription(people[4].subject_ref, MARKETING, Channel.EMAIL, now))
    yield Place("unsubscribe-all", "/portal/{lang}/u/" + leaving)
    yield Place("unsubscribed-all", "/portal/{lang}/u/" + leaving, act=_pressed)


def _person(session: Session, site: Site) -> UUID:
    return find_subjects(session, site.service.keyring, EMAIL_INDEX, CAMILLE)[0]


def _camille(site: Site) -> tuple[UUID, UUID]:
    with reading(site.service.sessions) as session:
        person = _person(session, site)
        record = session.scalar(
            select(ConsentRecord.id).where(ConsentRecord.subject_ref == person).order_by(ConsentRecord.at)
        )
    assert record is not None
    return person, record


def _followed(site: Site) -> Iterator[tuple[str, str, str]]:
    """Yield right and status, address and reference of requests that their person can see, one of each kind."""
    seen: set[str] = set()
    with reading(site.service.sessions) as session:
        rows = session.execute(
            select(SubjectRequest.subject_ref, SubjectRequest.reference, SubjectRequest.status, RequestRight.right)
            .join(RequestRight, RequestRight.request_id == SubjectRequest.id)
            .where(SubjectRequest.subject_ref.is_not(None))
            .order_by(SubjectRequest.received_at.desc(), RequestRight.right)
        ).all()
        for person, reference, status, right in rows:
            address = address_on_record(session, site.service.keyring, person)
            name = f"{right}-{status}"
            if address is None or address == FAMILY or name in seen:
                continue
            seen.add(name)
            yield name, address, reference


def cookie_for(site: Site, place: Place, language: str, theme: str = "light") -> dict[str, str] | None:
    """Begin the session that a page is seen in, and return its cookie as Playwright takes it; None for nobody."""
    visit = _staff_visit(site, place.role, language, theme) if place.role else _visitor_visit(site, place.address)
    if visit is None:
        return None
    name = f"cc_{visit.face}"
    return {"name": name, "value": visit.token, "url": f"{site.root}/{visit.face}"}


def _staff_visit(site: Site, role: Role, language: str, theme: str) -> Visit:
    wired = site.service
    with unit(wired.sessions) as session:
        person = next(one for one in staff.everyone(session, wired.keyring) if one.role is role)
        staff.set_preferences(session, person.id, language, theme)
        return sessions.start(session, wired.keyring, "console", wired.now(), staff_id=person.id)


def _visitor_visit(site: Site, address: str | None) -> Visit | None:
    if address is None:
        return None
    wired = site.service
    content = {"email": address, "confirmed_at": wired.now().isoformat()}
    with unit(wired.sessions) as session:
        return sessions.start(session, wired.keyring, "portal", wired.now(), content=content)
