"""What a new version of a notice says otherwise than the one before: in substance, or in its spelling alone."""

from __future__ import annotations

from collections.abc import Mapping

from consentcore.policyset import Notice, PolicySet
from policies.notices import ITEMS, sections_of

FORMAL = frozenset({"dpo", "rights", "withdrawal", "complaint", "provision", "objection"})
"""Items that tell people what they may do, not what is done with their data: another wording needs no fresh consent."""


def changed_items(before: PolicySet, after: PolicySet, old: str, new: str) -> tuple[str, ...]:
    """Name what differs between two versions of a notice, such as `newsletter@1` and `newsletter@2`.

    Items of Art. 13 by name, in the order of the law, then headings that answer none. Titles, line breaks,
    punctuation, apostrophes and capitals are spelling and count for nothing. A language that only one of the two has
    is left out: nobody was shown it in the other.
    """
    found: set[str] = set()
    for notice in _texts(before, old):
        for other in _texts(after, new):
            if notice.language == other.language:
                found |= _between(notice, other)
    order = [item.name for item in ITEMS]
    return tuple(sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name)))


def in_substance(changed: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the changed items that a consent covers; a heading that answers no item is taken for one."""
    return tuple(name for name in changed if name not in FORMAL)


def _texts(policy: PolicySet, label: str) -> list[Notice]:
    return [one for one in policy.notices.values() if f"{one.id}@{one.version}" == label]


def _between(old: Notice, new: Notice) -> set[str]:
    answered = {**dict.fromkeys(sections_of(old.text)), **dict.fromkeys(sections_of(new.text))}
    before, after = _by_item(old), _by_item(new)
    items = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    headings = {*old.sections.values(), *new.sections.values()}
    loose = [heading for heading in answered if heading not in headings and heading not in (old.title, new.title)]
    said, says = sections_of(old.text), sections_of(new.text)
    return items | {one for one in loose if _plain(said.get(one, "")) != _plain(says.get(one, ""))}


def _by_item(notice: Notice) -> Mapping[str, str]:
    cut = sections_of(notice.text)
    return {item: _plain(cut.get(heading, "")) for item, heading in notice.sections.items()}


def _plain(text: str) -> str:
    """Reduce a text to its words and numbers."""
    return " ".join("".join(char if char.isalnum() else " " for char in text).casefold().split())
