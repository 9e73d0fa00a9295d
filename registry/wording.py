"""The words of the register and of documents, in French and in English: what codes are called on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from consentcore.columns import Category
from consentcore.errors import BadInput
from consentcore.policyset import LegalBasis, RecipientKind

LANGUAGES = ("fr", "en")
Words = Mapping[str, tuple[str, str]]
"""Code -> (French, English)."""

CATEGORIES: Words = {
    Category.NAME: ("nom et prénom", "name"),
    Category.EMAIL: ("adresse électronique", "e-mail address"),
    Category.PHONE: ("numéro de téléphone", "telephone number"),
    Category.FAX: ("numéro de télécopie", "fax number"),
    Category.ADDRESS: ("adresse postale et pays", "postal address and country"),
    Category.BIRTH_DATE: ("date de naissance", "date of birth"),
    Category.GENDER: ("genre", "gender"),
    Category.LANGUAGE: ("langue", "language"),
    Category.JOB: ("fonction et qualité", "job title and capacity"),
    Category.EMPLOYER: ("employeur", "employer"),
    Category.CONTENT: ("textes libres et contenus", "free texts and content"),
    Category.CONSENT: ("choix et consentements", "choices and consents"),
    Category.IDENTIFIER: ("identifiants", "identifiers"),
    Category.PSEUDONYM: ("pseudonymes techniques", "technical pseudonyms"),
    Category.BEHAVIOR: ("suivi de la relation", "follow-up of the relationship"),
}
BASES: Words = {
    LegalBasis.CONSENT: ("Consentement", "Consent"),
    LegalBasis.CONTRACT: ("Contrat", "Contract"),
    LegalBasis.LEGAL_OBLIGATION: ("Obligation légale", "Legal obligation"),
    LegalBasis.VITAL_INTERESTS: ("Intérêts vitaux", "Vital interests"),
    LegalBasis.PUBLIC_TASK: ("Mission d’intérêt public", "Public task"),
    LegalBasis.LEGITIMATE_INTEREST: ("Intérêt légitime", "Legitimate interest"),
}
EVENTS: Words = {
    "consultation_recorded": ("la consultation", "the consultation"),
    "contract_end": ("la fin du contrat", "the end of the contract"),
    "erasure": ("l’effacement", "the erasure"),
    "fiscal_year_end_of_issue": (
        "la clôture de l’exercice de l’émission",
        "the end of the accounting year of issue",
    ),
    "last_contact_from_person": ("le dernier contact venu de la personne", "the last contact from the person"),
    "opposition_lifted": ("la levée de l’opposition", "the lifting of the objection"),
    "opposition_recorded": ("l’opposition", "the objection"),
    "proof_last_used": ("la dernière utilisation de la preuve", "the last use of the proof"),
    "relation_end": ("la fin de la relation", "the end of the relationship"),
    "request_closed": ("la clôture de la demande", "the closing of the request"),
}
PHASES: Words = {"archive": ("archivage", "archiving"), "erase": ("effacement", "erasure")}
RECIPIENT_KINDS: Words = {
    RecipientKind.PROCESSOR: ("sous-traitant", "processor"),
    RecipientKind.RECIPIENT: ("destinataire", "recipient"),
    RecipientKind.AUTHORITY: ("autorité", "authority"),
}
RULE_STATUSES: Words = {
    "law": ("imposée par la loi", "set by law"),
    "authority": ("recommandée par l’autorité", "recommended by the authority"),
    "organisation": ("fixée par l’organisme", "set by the organisation"),
}
_UNITS = {
    "Y": (("an", "ans"), ("year", "years")),
    "M": (("mois", "mois"), ("month", "months")),
    "W": (("semaine", "semaines"), ("week", "weeks")),
    "D": (("jour", "jours"), ("day", "days")),
}
_PERIOD = re.compile(r"P(?:\d+[YMWD])+")
_MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def check_language(lang: str) -> str:
    """Return a language that documents are written in.

    Raises: BadInput.
    """
    if lang not in LANGUAGES:
        raise BadInput(f"documents are written in {' or '.join(LANGUAGES)}, not in {lang!r}")
    return lang


def said(words: Words, code: str, lang: str) -> str:
    """Return what a code is called, or the code itself where it has no words."""
    pair = words.get(code)
    return code if pair is None else pair[LANGUAGES.index(lang)]


def period_in_words(period: str | None, lang: str) -> str:
    """Write an ISO 8601 period of years, months, weeks and days: `P3Y` is `3 ans`; None is without end."""
    if period is None:
        return "sans limite fixée" if lang == "fr" else "no fixed limit"
    if not _PERIOD.fullmatch(period):
        return period
    parts = []
    for number, unit in re.findall(r"(\d+)([YMWD])", period):
        singular, plural = _UNITS[unit][LANGUAGES.index(lang)]
        few = int(number) < 2 if lang == "fr" else int(number) == 1
        parts.append(f"{number} {singular if few else plural}")
    return ", ".join(parts)


def date_in_words(day: date, lang: str) -> str:
    """Write a date as letters do: `12 novembre 2026`, `12 November 2026`."""
    if lang == "fr":
        return f"{'1er' if day.day == 1 else day.day} {_MONTHS_FR[day.month - 1]} {day.year}"
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def text_in(texts: Mapping[str, str], lang: str) -> str:
    """Return a text in a language, else in the first one that it has; empty where it has none."""
    return texts.get(lang) or next(iter(texts.values()), "")
