"""What a person is written about a request: plain texts in the controller's languages, the same for known and unknown.

Every language that the controller speaks stands in one message: choosing one by the person's record would tell that
there is a record. Values are put in by name, never by a template language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from consentcore.errors import BadInput
from consentcore.policyset import PolicySet
from consentcore.requests.items import Item
from consentcore.requests.no_ground import still_needed

_ACKNOWLEDGED = {
    "fr": (
        "Nous avons reçu votre demande __REFERENCE__.",
        "Nous vous répondrons au plus tard le __DUE__ (article 12(3) du RGPD). Si nous avons un doute raisonnable sur "
        "votre identité, nous vous le dirons. Gardez cette référence pour toute question.",
    ),
    "en": (
        "We have received your request __REFERENCE__.",
        "We will answer by __DUE__ (Article 12(3) GDPR). Should we have a reasonable doubt about your identity, we "
        "will tell you. Please keep this reference for any question.",
    ),
}
_IN_EFFECT = {
    "fr": (
        "Votre demande __REFERENCE__ a pris effet.",
        "Nous n'utiliserons plus cette adresse pour ce à quoi vous vous opposez (articles 7(3) et 21(3) du RGPD). Vous "
        "n'avez rien d'autre à faire.",
    ),
    "en": (
        "Your request __REFERENCE__ has taken effect.",
        "We will no longer use this address for what you object to (Articles 7(3) and 21(3) GDPR). There is nothing "
        "else for you to do.",
    ),
}
_NOT_FOUND = {
    "fr": (
        "Réponse à votre demande __REFERENCE__.",
        "Nous ne traitons aucune donnée que nous puissions rattacher à vous avec ce que vous nous avez indiqué "
        "(articles 11(2) et 15(1) du RGPD). Si vous nous en dites davantage, nous chercherons de nouveau.",
    ),
    "en": (
        "Answer to your request __REFERENCE__.",
        "We process no data that we could link to you with what you told us (Articles 11(2) and 15(1) GDPR). If you "
        "tell us more, we will look again.",
    ),
}
_REFUSED = {
    "fr": (
        "Réponse à votre demande __REFERENCE__.",
        "Nous ne donnons pas suite à votre demande, pour la raison suivante :\n\n__REASON__",
    ),
    "en": (
        "Answer to your request __REFERENCE__.",
        "We do not act on your request, for this reason:\n\n__REASON__",
    ),
}
_ANSWERED = {
    "fr": (
        "Réponse à votre demande __REFERENCE__.",
        "Nous avons donné suite à votre demande (article 12(3) du RGPD). Si elle portait sur l'accès ou la "
        "portabilité, vos données vous sont remises par un envoi séparé.",
    ),
    "en": (
        "Answer to your request __REFERENCE__.",
        "We have acted on your request (Article 12(3) GDPR). Where it was for access or portability, your data reach "
        "you separately.",
    ),
}
_ERASED = {
    "fr": (
        "Réponse à votre demande d'effacement __REFERENCE__.",
        "Nous avons effacé les données que rien ne nous oblige ni ne nous autorise à garder (article 17 du RGPD), et "
        "nous en informons ceux à qui nous les avions transmises (article 19).",
    ),
    "en": (
        "Answer to your request for erasure __REFERENCE__.",
        "We have erased the data that nothing obliges or allows us to keep (Article 17 GDPR), and we inform those to "
        "whom we had passed them on (Article 19).",
    ),
}
_KEPT = {"fr": "Nous devons garder, et ne gardons que pour cela :", "en": "We have to keep, and keep for this only:"}
_STILL_NEEDED = {
    "fr": ("encore nécessaires pour « __PURPOSE__ »", "motifs impérieux retenus pour « __PURPOSE__ » (article 21(1))"),
    "en": ("still needed for “__PURPOSE__”", "compelling grounds recorded for “__PURPOSE__” (Article 21(1))"),
}
_UNTIL = {"fr": "jusqu'au __DAY__", "en": "until __DAY__"}
_UNTIL_EVENT = {"fr": "jusqu'à l'événement qui y met fin", "en": "until the event that ends it"}
_MONTHS = {
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
_REMEDIES = {
    "fr": (
        "Vous pouvez introduire une réclamation auprès d'une autorité de contrôle (en France, la CNIL, www.cnil.fr ; "
        "article 77 du RGPD) et former un recours juridictionnel (article 79)."
    ),
    "en": (
        "You may lodge a complaint with a supervisory authority (in France the CNIL, www.cnil.fr; Article 77 GDPR) and "
        "seek a judicial remedy (Article 79)."
    ),
}


def acknowledgement(policy: PolicySet, reference: str, due_on: date) -> tuple[str, str]:
    """Return subject and text that confirm receipt, with the day of the answer (R-12-8)."""
    texts = {
        language: (title, _filled(text, {"DUE": _day(due_on, language)}))
        for language, (title, text) in _ACKNOWLEDGED.items()
    }
    return _letter(policy, texts, {"REFERENCE": reference})


def in_effect(policy: PolicySet, reference: str) -> tuple[str, str]:
    """Return subject and text that confirm an objection or withdrawal that took effect at receipt."""
    return _letter(policy, _IN_EFFECT, {"REFERENCE": reference})


def not_found(policy: PolicySet, reference: str) -> tuple[str, str]:
    """Return subject and text of a negative answer, remedies included (Art. 12(4), 15(1))."""
    return _letter(policy, _NOT_FOUND, {"REFERENCE": reference}, remedies=True)


def refusal(policy: PolicySet, reference: str, reason: str) -> tuple[str, str]:
    """Return subject and text of a refusal: reasons, complaint, judicial remedy (Art. 12(4), R-12-4).

    Raises: BadInput without a reason.
    """
    if not reason.strip():
        raise BadInput("a refusal states its reasons (Art. 12(4))")
    return _letter(policy, _REFUSED, {"REFERENCE": reference, "REASON": reason.strip()}, remedies=True)


def answered(policy: PolicySet, reference: str) -> tuple[str, str]:
    """Return subject and text that close a request which was carried out (Art. 12(3)); they hold no data of anyone."""
    return _letter(policy, _ANSWERED, {"REFERENCE": reference}, remedies=True)


def erased(policy: PolicySet, reference: str, kept: Iterable[Item]) -> tuple[str, str]:
    """Return the closing letter of an erasure: what stays, on which text, until when, and the remedies (Art. 12(4)).

    It names legal grounds and dates, never a value of the person.
    """
    reasons = sorted({(one.ground or "", one.article or "", one.until or date.max) for one in kept})
    texts = {
        language: (title, "\n\n".join([text, *_what_stays(policy, language, reasons)]))
        for language, (title, text) in _ERASED.items()
    }
    return _letter(policy, texts, {"REFERENCE": reference}, remedies=True)


def _what_stays(policy: PolicySet, language: str, reasons: Sequence[tuple[str, str, date]]) -> list[str]:
    if not reasons:
        return []
    lines = []
    for ground, article, until in reasons:
        end = _UNTIL_EVENT[language] if until == date.max else _filled(_UNTIL[language], {"DAY": _day(until, language)})
        cited = f"art. {article}" if article else ""
        lines.append("- " + ", ".join(part for part in (_ground(policy, language, ground), cited, end) if part))
    return ["\n".join([_KEPT[language], *lines])]


def _ground(policy: PolicySet, language: str, ground: str) -> str:
    """Return a ground in the letter's language: the text of a law as it is, a purpose that goes on by its title."""
    found = still_needed(ground)
    if found is None:
        return ground
    purpose = policy.purposes.get(found.purpose)
    title = purpose.title.get(language, found.purpose) if purpose else found.purpose
    return _filled(_STILL_NEEDED[language][found.compelling], {"PURPOSE": title})


def _letter(
    policy: PolicySet, texts: Mapping[str, tuple[str, str]], values: Mapping[str, str], *, remedies: bool = False
) -> tuple[str, str]:
    languages = [language for language in policy.controller.languages if language in texts] or ["en"]
    parts = []
    for language in languages:
        title, text = (_filled(part, values) for part in texts[language])
        parts += [title, text, *([_REMEDIES[language]] if remedies else [])]
    controller = policy.controller
    parts.append(f"{controller.name}\n{controller.address}\n{controller.dpo_email}")
    return _filled(texts[languages[0]][0], values), "\n\n".join(parts) + "\n"


def _day(day: date, language: str) -> str:
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"__{name}__", value)
    return text
