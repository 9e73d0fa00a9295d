"""The processing that this module itself is: answering requests, proving, opposing, logging (Art. 30(1))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from consentcore.policyset import LegalBasis

CUSTOMERS, PROSPECTS, APPLICANTS, STAFF, ANYONE = "customers", "prospects", "applicants", "staff", "affected"
SUBJECTS: Mapping[str, tuple[str, str]] = {
    CUSTOMERS: ("clients", "customers"),
    PROSPECTS: ("prospects et autres contacts", "prospects and other contacts"),
    APPLICANTS: ("personnes qui exercent un droit", "persons who exercise a right"),
    STAFF: ("personnel habilité", "authorised staff"),
    ANYONE: ("personnes concernées par une violation", "persons affected by a breach"),
}
_SUBJECTS_OF_CLASS: Mapping[str, tuple[str, ...]] = {
    "transaction": (CUSTOMERS,),
    "invoice": (CUSTOMERS,),
    "account": (CUSTOMERS,),
    "archive": (CUSTOMERS,),
    "request": (APPLICANTS,),
    "suppression": (APPLICANTS,),
    "access_log": (STAFF,),
    "staff": (STAFF,),
    "verification": (APPLICANTS,),
    "breach": (ANYONE,),
}
ROWS_TOLD_APART: Mapping[str, str] = {"invoice": "transaction"}
"""Class of some rows -> the class that the columns of their table declare (rows of one table, told apart by kind)."""


@dataclass(frozen=True, slots=True)
class OwnActivity:
    """A processing that running this product is in itself, on the ground of the GDPR's own duties."""

    id: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    legal_text: str
    data: frozenset[str]
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Class -> the criterion by which it goes, where no retention rule of the policies names one (Art. 30(1)(f))."""
    basis: LegalBasis = LegalBasis.LEGAL_OBLIGATION


_WITH_THE_PERSON = {
    "fr": "jusqu’au départ des dernières données de la personne",
    "en": "until the last data of the person go",
}
_WITH_THE_LOG = {
    "fr": "aussi longtemps que le journal doit prouver ; sans limite fixée dans cette version",
    "en": "as long as the log has to prove; no limit is set in this version",
}


OWN: tuple[OwnActivity, ...] = (
    OwnActivity(
        "rights_requests",
        {"fr": "Demandes d’exercice de droits", "en": "Requests to exercise rights"},
        {
            "fr": "Recevoir les demandes, vérifier l’identité, y répondre et en garder la preuve.",
            "en": "Receive requests, verify identity, answer them and keep the proof.",
        },
        "RGPD/GDPR art. 12, 15-22",
        frozenset({"request", "outbox", "restriction", "disclosure"}),
        {
            "outbox": {"fr": "jusqu’à l’envoi du message", "en": "until the message is sent"},
            "restriction": _WITH_THE_PERSON,
            "disclosure": _WITH_THE_PERSON,
        },
    ),
    OwnActivity(
        "signing_in",
        {"fr": "Connexion et vérification d’adresse", "en": "Signing in and checking addresses"},
        {
            "fr": "Vérifier par un code qui se connecte, tenir sa session ouverte et limiter les essais.",
            "en": "Check by a code who signs in, keep the session open and limit attempts.",
        },
        "RGPD/GDPR art. 12(6), 32",
        frozenset({"verification"}),
        {
            "verification": {
                "fr": "jusqu’à la fin de la session, un jour au plus",
                "en": "until the session is over, a day at most",
            },
        },
    ),
    OwnActivity(
        "consent_proof",
        {"fr": "Preuve des consentements", "en": "Proof of consents"},
        {
            "fr": "Conserver qui a consenti à quoi, quand, sous quel texte, et pouvoir le démontrer.",
            "en": "Keep who consented to what, when, under which text, and be able to show it.",
        },
        "RGPD/GDPR art. 5(2), 7(1)",
        frozenset({"consent_proof", "evidence"}),
        {"evidence": _WITH_THE_LOG},
    ),
    OwnActivity(
        "opposition_list",
        {"fr": "Liste d’opposition", "en": "Opposition list"},
        {
            "fr": "Retenir, sous forme d’empreinte à clé, les adresses à ne plus contacter.",
            "en": "Remember, as keyed hashes, the addresses that are not to be contacted any more.",
        },
        "RGPD/GDPR art. 21(2)-(3)",
        frozenset({"suppression", "objection"}),
        {"objection": _WITH_THE_PERSON},
    ),
    OwnActivity(
        "staff_logs",
        {"fr": "Journaux des accès du personnel", "en": "Logs of access by staff"},
        {
            "fr": "Tracer qui a consulté ou modifié des données, quand et pourquoi.",
            "en": "Trace who consulted or changed data, when and why.",
        },
        "RGPD/GDPR art. 5(2), 32",
        frozenset({"access_log", "staff"}),
        {
            "staff": {
                "fr": "tant que la personne est habilitée, puis le temps de prouver qui a fait quoi",
                "en": "as long as the person is authorised, then as long as who did what has to be proved",
            }
        },
    ),
    OwnActivity(
        "pseudonymisation",
        {"fr": "Clés, pseudonymes et index de recherche", "en": "Keys, pseudonyms and search index"},
        {
            "fr": "Désigner chaque personne par un pseudonyme, garder ses clés et la retrouver par empreinte à clé.",
            "en": "Name each person by a pseudonym, keep their keys and find them again by keyed hash.",
        },
        "RGPD/GDPR art. 25, 32(1)(a)",
        frozenset({"subject", "keys", "key_tombstones", "shredding", "blind_index"}),
        {
            "subject": _WITH_THE_LOG,
            "keys": _WITH_THE_PERSON,
            "key_tombstones": _WITH_THE_LOG,
            "shredding": {"fr": "jusqu’à la destruction de la clé", "en": "until the key is destroyed"},
            "blind_index": _WITH_THE_PERSON,
        },
    ),
    OwnActivity(
        "archives",
        {"fr": "Archives intermédiaires", "en": "Intermediate archives"},
        {
            "fr": "Garder à part, sous une clé propre, ce que la loi oblige à conserver après un effacement.",
            "en": "Keep apart, under a key of its own, what the law orders to be kept after an erasure.",
        },
        "RGPD/GDPR art. 17(3)(b)",
        frozenset({"archive"}),
        {"archive": {"fr": "jusqu’à la date inscrite sur chaque ligne", "en": "until the date written on each row"}},
    ),
    OwnActivity(
        "data_quality",
        {"fr": "Lignes d’import mises de côté", "en": "Import rows set aside"},
        {
            "fr": "Garder scellées les lignes illisibles d’un fichier importé jusqu’à leur correction.",
            "en": "Keep unreadable rows of an imported file sealed until they are mended.",
        },
        "RGPD/GDPR art. 5(1)(d)",
        frozenset({"quarantine"}),
        {
            "quarantine": {
                "fr": "jusqu’à la correction ou au rejet de la ligne",
                "en": "until the row is mended or dropped",
            }
        },
    ),
    OwnActivity(
        "breach_register",
        {"fr": "Registre des violations", "en": "Register of breaches"},
        {
            "fr": "Documenter toute violation de données, ses effets et les mesures prises.",
            "en": "Document every personal data breach, its effects and the remedies.",
        },
        "RGPD/GDPR art. 33(5)",
        frozenset({"breach"}),
        {
            "breach": {
                "fr": "aussi longtemps que l’autorité peut vérifier ; sans limite fixée dans cette version",
                "en": "as long as the authority may verify; no limit is set in this version",
            }
        },
    ),
)


def subjects_of(data: Iterable[str], *, customers_only: bool) -> tuple[str, ...]:
    """Return the categories of data subjects that the classes of an activity are about (Art. 30(1)(c))."""
    usual = (CUSTOMERS,) if customers_only else (CUSTOMERS, PROSPECTS)
    found = {one for name in data for one in _SUBJECTS_OF_CLASS.get(name, usual)}
    return tuple(one for one in SUBJECTS if one in found)
