"""The requests of the demo as data: who asked for what, when, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from consentcore.policyset import PolicySet
from consentcore.requests.intake import IntakeChannel, Role
from consentcore.requests.tables import Right
from consentcore.suppression.tables import MARKETING
from web.demo.days import Days

ASKED_AT = "10:05"
_PORTAL, _EMAIL, _PHONE, _LETTER = (
    IntakeChannel.PORTAL,
    IntakeChannel.EMAIL,
    IntakeChannel.PHONE,
    IntakeChannel.LETTER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request. Steps are told in days before today, 0 being a few minutes ago; a step that is None was not taken.

    `client` is a customer number, or the whole address of somebody unknown here. `fails`: its execution cannot be
    carried out as it was approved. `refused` gives the reason.
    """

    client: str
    rights: tuple[Right, ...]
    asked: int
    channel: IntakeChannel = _PORTAL
    verified: int | None = None
    assessed: int | None = None
    approved: int | None = None
    started: int | None = None
    carried_out: int | None = None
    refused: tuple[int, str] | None = None
    scope: str | None = None
    requester: str | None = None
    role: Role | None = None
    changes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    evidence: str | None = None
    restricted: bool = False
    fails: bool = False


def cases(days: Days, policy: PolicySet) -> Iterator[Case]:
    """Yield every request of the demo, in no order."""
    yield from _over_two_years()
    yield from _lately()
    yield from _waiting(days, policy)


def _over_two_years() -> Iterator[Case]:
    access, erasure = (Right.ACCESS,), (Right.ERASURE,)
    for client, right, asked, verified, done in (
        ("K042", Right.ACCESS, 604, 604, 598),
        ("K046", Right.PORTABILITY, 483, 483, 480),
        ("K047", Right.ACCESS, 431, 430, 412),
        ("K052", Right.ACCESS, 262, 262, 247),
        ("K057", Right.PORTABILITY, 149, 149, 147),
        ("K033", Right.ACCESS, 118, 118, 101),
        ("K023", Right.ACCESS, 124, 124, 119),
        ("K023", Right.ACCESS, 66, 66, 60),
    ):
        yield Case(client=client, rights=(right,), asked=asked, verified=verified, started=done, carried_out=done)
    yield Case(  # answered two days too late
        client="K048", rights=access, asked=330, channel=_LETTER, verified=318, started=294, carried_out=294
    )
    yield Case(
        client="K054",
        rights=(Right.RECTIFICATION,),
        asked=402,
        channel=_EMAIL,
        verified=401,
        started=399,
        carried_out=399,
        changes={"job_title": "directrice des achats"},
        evidence="Signature du message du même jour",
    )
    for client, asked, step in (("K050", 312, 300), ("K036", 219, 210), ("K004", 84, 70)):
        yield Case(
            client=client,
            rights=erasure,
            asked=asked,
            verified=asked - 1,
            assessed=asked - 4,
            approved=step + 1,
            started=step,
            carried_out=step,
        )
    yield Case(
        client="inconnue.totale@courriel.example",
        rights=access,
        asked=58,
        channel=_EMAIL,
        verified=57,
        started=50,
        carried_out=50,
    )


def _lately() -> Iterator[Case]:
    yield Case(client="K001", rights=(Right.ACCESS,), asked=205, verified=205, started=199, carried_out=199)
    yield Case(client="K002", rights=(Right.ACCESS,), asked=27, verified=27, started=20, carried_out=20)
    yield Case(client="K020", rights=(Right.PORTABILITY,), asked=16, verified=16, started=13, carried_out=13)
    yield Case(
        client="K017",
        rights=(Right.RECTIFICATION,),
        asked=24,
        channel=_PHONE,
        verified=24,
        started=22,
        carried_out=22,
        changes={"address.street": "8 quai des Tanneurs", "address.postal_code": "21000"},
        evidence="Facture d'électricité vue le jour de l'appel",
    )
    yield Case(client="K021", rights=(Right.OBJECTION,), asked=33, channel=_PHONE, scope=MARKETING)
    yield Case(client="K028", rights=(Right.WITHDRAWAL,), asked=41, scope="newsletter")
    yield Case(
        client="K023",
        rights=(Right.ACCESS,),
        asked=18,
        verified=18,
        refused=(
            11,
            "C'est votre troisième demande identique en quatre mois. Nous vous avons remis une copie complète de vos "
            "données les deux premières fois, et rien n'y a changé depuis (article 12, paragraphe 5, du RGPD).",
        ),
    )


def _waiting(days: Days, policy: PolicySet) -> Iterator[Case]:
    def due_in(answer_in: int) -> int:
        return days.asked_for_an_answer_in(answer_in, ASKED_AT, policy)

    late, soon, sooner = due_in(-3), due_in(5), due_in(2)
    yield Case(client="K011", rights=(Right.ACCESS,), asked=late, channel=_LETTER, verified=late - 9)
    yield Case(client="K013", rights=(Right.ACCESS,), asked=soon, verified=soon)
    yield Case(client="K007", rights=(Right.ERASURE,), asked=sooner, verified=sooner - 1, assessed=3)
    yield Case(client="K008", rights=(Right.ERASURE,), asked=15, verified=14, assessed=6, approved=1)
    yield Case(
        client="K010", rights=(Right.ERASURE,), asked=12, verified=11, assessed=8, approved=6, started=1, fails=True
    )
    yield Case(client="K027", rights=(Right.ACCESS,), asked=9, verified=9, started=0)
    yield Case(client="K025", rights=(Right.ACCESS, Right.PORTABILITY), asked=10, channel=_EMAIL, verified=8)
    yield Case(
        client="K015",
        rights=(Right.RECTIFICATION,),
        asked=7,
        channel=_EMAIL,
        verified=6,
        changes={"last_name": "Guérin-Lambert", "address.street": "21 allée des Tilleuls"},
        evidence="Acte de mariage, classeur justificatifs 2, pièce 14",
        restricted=True,
    )
    yield Case(client="K005", rights=(Right.ACCESS,), asked=5, channel=_EMAIL)  # two persons share the mailbox
    yield Case(
        client="K024",
        rights=(Right.ACCESS,),
        asked=4,
        channel=_LETTER,
        requester="cabinet@avocats-modele.example",
        role=Role.MANDATE,
        evidence="Mandat signé, classeur mandats, pièce 12",
    )
    yield Case(client="visiteur.inconnu@courriel.example", rights=(Right.ERASURE,), asked=2)
    yield Case(client="K026", rights=(Right.ACCESS,), asked=0)
