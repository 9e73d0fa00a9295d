"""Gaps between what the register says and what the system really holds, each with the duty that it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.countries import country_name
from registry.wording import check_language, text_in


class GapKind(StrEnum):
    """What is missing."""

    NO_ACTIVITY = "no_activity"
    """A class of data is held and no activity says why."""
    NO_DATA = "no_data"
    """A purpose does not say which data it uses."""
    NO_LIMIT = "no_limit"
    """Nothing says when a class of data of an activity goes."""
    UNKNOWN_RECIPIENT = "unknown_recipient"
    """A purpose names somebody of whom the policies know nothing."""
    NO_SAFEGUARD = "no_safeguard"
    """Data leave the European Economic Area and no safeguard is recorded."""


_SENTENCES: Mapping[GapKind, str] = {
    GapKind.NO_ACTIVITY: "data class {what} ({where}) is in no activity: no purpose says why it is held",
    GapKind.NO_DATA: "purpose {activity} names no data that it uses",
    GapKind.NO_LIMIT: "activity {activity}: no retention rule says when {what} goes",
    GapKind.UNKNOWN_RECIPIENT: "purpose {activity} names recipient {what}, who is not in the policies",
    GapKind.NO_SAFEGUARD: (
        "purpose {activity}: recipient {what} is in {where}, outside the European Economic Area, and no safeguard is "
        "recorded"
    ),
}
_ARTICLES: Mapping[GapKind, str] = {
    GapKind.NO_ACTIVITY: "5(1)(b), 30(1)(b)",
    GapKind.NO_DATA: "30(1)(c)",
    GapKind.NO_LIMIT: "5(1)(e), 30(1)(f)",
    GapKind.UNKNOWN_RECIPIENT: "30(1)(d)",
    GapKind.NO_SAFEGUARD: "30(1)(e), 44",
}
_WORDS: Mapping[GapKind, tuple[str, str]] = {
    GapKind.NO_ACTIVITY: (
        "Ces données sont détenues, mais aucune activité ne dit pourquoi.",
        "These data are held, but no activity says why.",
    ),
    GapKind.NO_DATA: (
        "La finalité ne dit pas quelles données elle utilise.",
        "The purpose does not say which data it uses.",
    ),
    GapKind.NO_LIMIT: (
        "Aucune règle ne dit quand partent ces données\u202f: {name}.",
        "No retention rule says when these data go: {name}.",
    ),
    GapKind.UNKNOWN_RECIPIENT: (
        "Le destinataire «\u202f{name}\u202f» n’est pas décrit dans les politiques.",
        "The recipient “{name}” is not described in the policies.",
    ),
    GapKind.NO_SAFEGUARD: (
        "{name} se trouve hors de l’Espace économique européen ({where})\u202f; aucune garantie n’est consignée.",
        "{name} is outside the European Economic Area ({where}); no safeguard is recorded.",
    ),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap: ids for programs, names by language for people."""

    kind: GapKind
    activity: str | None
    """Id of the activity that it stands in; None where no activity covers the data."""
    title: Mapping[str, str]
    """Name of the activity, or of the class of data."""
    what: str = ""
    """Id of the class of data or of the recipient."""
    name: Mapping[str, str] | None = None
    where: str = ""
    """Tables, or the code of a country."""

    @property
    def article(self) -> str:
        """The articles of the GDPR that it leaves open."""
        return _ARTICLES[self.kind]

    @property
    def sentence(self) -> str:
        """The gap as a technical sentence with its ids, as the command line and the data of the register give it."""
        said = _SENTENCES[self.kind].format(activity=self.activity, what=self.what, where=self.where)
        return f"{said} [Art. {self.article}]"


def gap_title(gap: Gap, lang: str) -> str:
    """Return what a gap stands in: the activity, or the class of data.

    Raises: BadInput for an unknown language.
    """
    return text_in(gap.title, check_language(lang)) or gap.activity or gap.what


def gap_in_words(gap: Gap, lang: str) -> str:
    """Return what is missing as a sentence for people.

    Raises: BadInput for an unknown language.
    """
    said = _WORDS[gap.kind][0 if check_language(lang) == "fr" else 1]
    where = country_name(gap.where, lang) if gap.kind is GapKind.NO_SAFEGUARD else gap.where
    return said.format(name=text_in(gap.name or {}, lang) or gap.what, where=where)
