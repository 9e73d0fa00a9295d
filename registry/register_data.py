"""The register as plain data for JSON, and as rows for a spreadsheet (R-30-3)."""

from __future__ import annotations

from typing import Any

from consentcore.clock import iso
from consentcore.policyset import Recipient, RetentionRule
from registry.activities import SUBJECTS
from registry.article30 import Activity, DataUse, RegisterView
from registry.countries import country_name
from registry.wording import (
    BASES,
    CATEGORIES,
    EVENTS,
    PHASES,
    RECIPIENT_KINDS,
    RULE_STATUSES,
    check_language,
    period_in_words,
    said,
    text_in,
)

FORMAT = "consentcore register 1"


def as_data(view: RegisterView, lang: str) -> dict[str, Any]:
    """Return the register as JSON-ready data: codes for machines, words in one language for people.

    Raises: BadInput when the language is not one that documents are written in.
    """
    check_language(lang)
    controller = view.controller
    return {
        "format": FORMAT,
        "article": "30(1)",
        "language": lang,
        "composed_at": iso(view.composed_at),
        "policy": {
            "version": view.policy_version,
            "sha256": view.policy_sha256,
            "in_force_since": iso(view.in_force_since) if view.in_force_since else None,
        },
        "controller": {
            "name": controller.name,
            "address": controller.address,
            "country": controller.country,
            "email": controller.email,
            "phone": controller.phone,
            "made_up": controller.made_up,
        },
        "data_protection_officer": {"name": controller.dpo_name, "email": controller.dpo_email},
        "representative": controller.representative,
        "activities": [_activity(one, lang) for one in view.activities],
        "measures": [{"id": m.id, "taken": m.taken, "text": text_in(m.text, lang)} for m in view.measures],
        "problems": list(view.problems),
    }


def _activity(activity: Activity, lang: str) -> dict[str, Any]:
    return {
        "id": activity.id,
        "version": activity.version,
        "own_processing": activity.own,
        "title": text_in(activity.title, lang),
        "purposes": text_in(activity.description, lang),
        "basis": activity.basis.value,
        "basis_name": said(BASES, activity.basis, lang),
        "article": activity.basis.article,
        "legal_text": activity.legal_text,
        "notice": activity.notice,
        "channels": list(activity.channels),
        "subjects": [{"id": one, "name": said(SUBJECTS, one, lang)} for one in activity.subjects],
        "data": [_use(one, lang) for one in activity.data],
        "recipients": [_recipient(one, lang) for one in activity.recipients],
        "transfers": [_recipient(one, lang) | {"safeguard": None} for one in activity.transfers],
    }


def _use(use: DataUse, lang: str) -> dict[str, Any]:
    return {
        "data": use.data,
        "name": text_in(use.name, lang) or use.data,
        "categories": [{"id": one, "name": said(CATEGORIES, one, lang)} for one in use.categories],
        "sensitive": use.sensitive,
        "limits": [_limit(one, lang) for one in use.limits],
        "criterion": text_in(use.criterion, lang) or None,
    }


def _limit(rule: RetentionRule, lang: str) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "period": rule.period,
        "starts": rule.starts,
        "then": rule.then.value,
        "legal_text": rule.legal_text,
        "article": rule.article,
        "status": rule.status.value,
        "status_name": said(RULE_STATUSES, rule.status, lang),
        "text": limit_in_words(rule, lang),
    }


def limit_in_words(rule: RetentionRule, lang: str) -> str:
    """Say a retention rule as one phrase: how long, from what, then what."""
    if rule.period is None:
        return period_in_words(None, lang)
    since, then = said(EVENTS, rule.starts, lang), said(PHASES, rule.then, lang)
    if lang == "fr":
        return f"{period_in_words(rule.period, lang)} à compter de : {since} ; puis {then}"
    return f"{period_in_words(rule.period, lang)} from {since}, then {then}"


def _recipient(recipient: Recipient, lang: str) -> dict[str, Any]:
    return {
        "id": recipient.id,
        "name": text_in(recipient.name, lang),
        "kind": recipient.kind.value,
        "kind_name": said(RECIPIENT_KINDS, recipient.kind, lang),
        "country": recipient.country,
        "country_name": country_name(recipient.country, lang),
    }


HEADER = {
    "fr": (
        "activité", "version", "traitement propre au module", "finalités", "base légale", "article", "texte",
        "personnes concernées", "données", "catégories de données", "délai d’effacement", "destinataires",
        "transferts hors EEE",
    ),
    "en": (
        "activity", "version", "module’s own processing", "purposes", "legal basis", "article", "legal text",
        "data subjects", "data", "categories of data", "erasure limit", "recipients", "transfers outside the EEA",
    ),
}  # fmt: skip


def as_rows(view: RegisterView, lang: str) -> list[tuple[str, ...]]:
    """Return the register as a table with its header: one row for each class of data of each activity."""
    data = as_data(view, lang)
    yes = "oui" if lang == "fr" else "yes"
    rows: list[tuple[str, ...]] = [HEADER[lang]]
    for activity in data["activities"]:
        for use in activity["data"] or [{"name": "", "categories": [], "limits": [], "criterion": None}]:
            rows.append(
                (
                    activity["title"],
                    str(activity["version"] or ""),
                    yes if activity["own_processing"] else "",
                    activity["purposes"],
                    activity["basis_name"],
                    activity["article"],
                    activity["legal_text"] or "",
                    _names(activity["subjects"]),
                    use["name"],
                    _names(use["categories"]),
                    " | ".join(f"{one['text']} ({one['legal_text']})" for one in use["limits"])
                    or use["criterion"]
                    or "",
                    " | ".join(f"{one['name']}, {one['country_name']}" for one in activity["recipients"]),
                    _names(activity["transfers"]),
                )
            )
    return rows


def _names(entries: list[dict[str, Any]]) -> str:
    return ", ".join(str(one["name"]) for one in entries)
