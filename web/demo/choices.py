"""What the CRM's people declared about consent: on forms, by telephone, on paper, or before, in another system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.shown import record_shown
from consentcore.consent.tables import ConsentState
from consentcore.policyset import Channel, LegalBasis, Notice, PolicySet
from web.demo import files
from web.demo.acts import Act, Line
from web.demo.days import Days
from web.demo.exports import RUNS, People
from web.demo.files import Row
from web.demo.staff import Login
from web.wiring import Service

IMPORTED = "import"
_DETAILS = {
    "web_form": {"page": "https://exemplia-jardins.example/inscription", "case": "décochée au départ"},
    "portal": {"page": "https://exemplia-jardins.example/mes-choix"},
    "phone": {"appel": "entrant, lu à haute voix"},
    "paper": {"bulletin": "salon du jardin, classeur 4"},
    "email": {"objet": "désinscription"},
    IMPORTED: {"fichier": "reprise de l'ancien outil d'envoi"},
}
_ASKED_BY_STAFF = frozenset({"phone", "paper"})


def declarations(days: Days, people: People, policy: PolicySet, operator: Login) -> Iterator[Act]:
    """Yield each declaration to a purpose that rests on consent and has the channel; others are left out.

    What another system brought was declared there, and is recorded here when that system was left.
    """
    for number, row in enumerate(files.rows("consents.csv", days)):
        purpose = policy.purposes.get(row["finalité"])
        if purpose is None or purpose.basis is not LegalBasis.CONSENT or Channel(row["canal"]) not in purpose.channels:
            continue
        ago = int(row["il_y_a"])
        clock = f"{9 + number % 9:02}:{number * 7 % 60:02}"
        at = days.at(_brought(ago) if row["moyen"] == IMPORTED else ago, clock)
        declared = days.at(ago, clock)
        choice = Choice(
            purpose.id, Channel(row["canal"]), ConsentState(row["état"]), newest_notice(policy, purpose.id), declared
        )
        yield Line(at, partial(_declare, row=row, choice=choice, people=people, operator=operator))


def refusals_offered(days: Days, people: People, policy: PolicySet) -> Iterator[Act]:
    """Yield, for two customers of three, that the first sale came with the notice on similar products (R-FR-1).

    The shop's export says so; the third customer's order was taken on paper, and nobody knows any more.
    """
    notice = newest_notice(policy, "similar_products")
    first: dict[str, int] = {}
    for row in files.rows("transactions.csv", days):
        first[row["client"]] = max(first.get(row["client"], 0), int(row["émis_il_y_a"]))
    for client, ago in first.items():
        if int(client[1:]) % 3:
            act = partial(_shown, client=client, notice=notice, at=days.at(ago, "08:00"), people=people)
            yield Line(days.at(_brought(ago), "18:30"), act)


def newest_notice(policy: PolicySet, purpose: str) -> Notice:
    """Return the notice that a purpose names, in the controller's first language."""
    notice, _, version = (policy.purpose(purpose).notice or "").partition("@")
    return policy.notice(notice, int(version), policy.controller.languages[0])


def _brought(ago: int) -> int:
    return max((run for run in RUNS if run <= ago), default=RUNS[-1])


def _shown(session: Session, service: Service, *, client: str, notice: Notice, at: datetime, people: People) -> None:
    evidence = "confirmation de commande, bas de page"
    record_shown(session, people.ref(client), notice, at, service.now(), evidence=evidence)


def _declare(session: Session, service: Service, *, row: Row, choice: Choice, people: People, operator: Login) -> None:
    method, client = row["moyen"], row["client"]
    evidence = Evidence(
        method,
        contact_point=people.email(client) if choice.channel is Channel.EMAIL else None,
        actor=operator.email if method in _ASKED_BY_STAFF else None,
        details=_DETAILS.get(method, {}),
    )
    record(session, people.ref(client), [choice], service.policy, evidence, service.now())
