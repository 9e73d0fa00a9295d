"""The register as a map: whose data, for what and on which basis, to whom and in which country (Art. 30(1)(b)-(e))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consentcore.policyset import Recipient
from registry.activities import SUBJECTS
from registry.article30 import Activity, RegisterView
from registry.countries import country_name
from registry.pictures.flow_map import Box, BoxKind, FlowMap, Link, for_print
from registry.pictures.svg import Picture
from registry.wording import BASES, LANGUAGES, check_language, said, text_in

_SPACE = "\u202f"
_MOST_HIGH = 960.0
"""What one page of paper holds, in the pixels of a map that is 700 wide."""
_WORDS = {
    "title": ("Carte des traitements", "Map of the processing"),
    "people": ("Personnes", "Data subjects"),
    "activities": ("Activités et base", "Activities and basis"),
    "recipients": ("Destinataires et pays", "Recipients and countries"),
    "unsafe": ("hors EEE, garantie non consignée", "outside the EEA, no safeguard recorded"),
    "nobody": ("aucun destinataire extérieur", "no outside recipient"),
    "from": ("données de", "data of"),
    "to": ("vers", "to"),
}


def flow_of(view: RegisterView, lang: str, *, key: str = "flow") -> FlowMap:
    """Turn the register into the map of a screen; its description says each activity in words.

    The register knows whose data an activity uses, not by which door they came in: sources are categories of persons.
    Raises: BadInput for an unknown language.
    """
    check_language(lang)
    return _mapped(view.activities, lang, key=key, title=_word("title", lang), desc=in_words(view.activities, lang))


def flow_header(lang: str) -> tuple[str, str, str, str]:
    """Return the header of the map's table twin."""
    french = "Activité", "Base légale", "Personnes", "Destinataires et pays"
    return french if lang == "fr" else ("Activity", "Legal basis", "Data subjects", "Recipients and countries")


def printed_flow(view: RegisterView, lang: str) -> tuple[Picture, ...]:
    """Draw the map for paper, in as many pictures as pages are needed.

    The title of each carries its whole message, since a PDF reader says nothing else of it.
    Raises: BadInput for an unknown language.
    """
    check_language(lang)
    pictures: list[Picture] = []
    for own in (False, True):
        rest = [one for one in view.activities if one.own is own]
        while rest:
            count, picture = _page(rest, lang, f"flow{len(pictures) + 1}")
            pictures.append(picture)
            rest = rest[count:]
    return tuple(pictures)


def in_words(activities: Iterable[Activity], lang: str) -> str:
    """Say the map in words: for each activity its basis, whose data it uses and who receives them."""
    between = f"{_SPACE}; " if lang == "fr" else "; "
    return between.join(_activity_in_words(one, lang) for one in activities)


def _page(activities: Sequence[Activity], lang: str, key: str) -> tuple[int, Picture]:
    """Draw as many of the activities as one page holds, at least one."""
    count, picture = 1, _printed(activities[:1], lang, key)
    while count < len(activities):
        longer = _printed(activities[: count + 1], lang, key)
        if longer.height > _MOST_HIGH:
            break
        count, picture = count + 1, longer
    return count, picture


def _printed(activities: Sequence[Activity], lang: str, key: str) -> Picture:
    colon = f"{_SPACE}: " if lang == "fr" else ": "
    title = _word("title", lang) + colon + in_words(activities, lang)
    return for_print(_mapped(activities, lang, key=key, title=title, desc=""))


def _mapped(activities: Sequence[Activity], lang: str, *, key: str, title: str, desc: str) -> FlowMap:
    people = [one for one in SUBJECTS if any(one in activity.subjects for activity in activities)]
    recipients = {one.id: one for activity in activities for one in activity.recipients}
    abroad = {one.id for activity in activities for one in activity.transfers}
    return FlowMap(
        key=key,
        title=title,
        desc=desc,
        headings=(_word("people", lang), _word("activities", lang), _word("recipients", lang)),
        sources=tuple(Box(f"from-{one}", _capital(said(SUBJECTS, one, lang))) for one in people),
        activities=tuple(_activity(one, lang) for one in activities),
        recipients=tuple(_recipient(one, lang, abroad=name in abroad) for name, one in recipients.items()),
        links=tuple(link for activity in activities for link in _links(activity)),
    )


def _activity(activity: Activity, lang: str) -> Box:
    basis = said(BASES, activity.basis, lang).lower()
    return Box(f"do-{activity.id}", text_in(activity.title, lang), basis)


def _recipient(recipient: Recipient, lang: str, *, abroad: bool) -> Box:
    kind = BoxKind.THIRD if abroad else BoxKind.PLAIN
    return Box(f"to-{recipient.id}", text_in(recipient.name, lang), _where(recipient, lang, abroad=abroad), kind)


def _where(recipient: Recipient, lang: str, *, abroad: bool) -> str:
    country = country_name(recipient.country, lang)
    return f"{country}, {_word('unsafe', lang)}" if abroad else country


def _links(activity: Activity) -> Iterable[Link]:
    abroad = {one.id for one in activity.transfers}
    for one in activity.subjects:
        yield Link(f"from-{one}", f"do-{activity.id}")
    for recipient in activity.recipients:
        # no safeguard is recorded for any transfer yet: each is a gap (Art. 30(1)(e), 44)
        yield Link(f"do-{activity.id}", f"to-{recipient.id}", gap=recipient.id in abroad)


def _activity_in_words(activity: Activity, lang: str) -> str:
    abroad = {one.id for one in activity.transfers}
    people = ", ".join(said(SUBJECTS, one, lang) for one in activity.subjects)
    told = [f"{text_in(one.name, lang)} ({_where(one, lang, abroad=one.id in abroad)})" for one in activity.recipients]
    parts = [f"{text_in(activity.title, lang)} ({said(BASES, activity.basis, lang).lower()})"]
    parts += [f"{_word('from', lang)} {people}"] if people else []
    parts += [f"{_word('to', lang)} {', '.join(told)}"] if told else [_word("nobody", lang)]
    return ", ".join(parts)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _word(name: str, lang: str) -> str:
    return _WORDS[name][LANGUAGES.index(lang)]
