"""What a new set of policies changes, and whose consent has to be asked for again (Art. 4(11), 7(1), 13(3), R-13-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from consentcore.policyset import PolicySet
from policies import fresh_consent
from policies.fresh_consent import Need

_KINDS = ("purposes", "retention", "recipients", "deadlines", "contact_rules", "ages", "data_classes")
_NEVER_SAID = frozenset({"sha256", "text"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: where it stands, what happened to it, and from what to what in short."""

    where: str
    """Kind and id, such as `purposes.newsletter.channels` or `controller.name`."""
    what: str
    """`added`, `removed` or `changed`."""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sets of policies beside each other."""

    from_sha256: str
    to_sha256: str
    changes: tuple[Change, ...]
    fresh_consent: tuple[Need, ...]
    """Purposes whose consent has to be asked for, wholly or over a new channel, before the new set is used."""
    inform: tuple[Need, ...]
    """Purposes of which people have to be told, without being asked (Art. 13(3))."""
    problems: tuple[str, ...]
    """What `policies apply` would refuse: an old number given to something new."""


def compare(before: PolicySet, after: PolicySet) -> Difference:
    """Compare two sets of policies. Reads nothing but them."""
    needs = [need for purpose in after.purposes.values() for need in fresh_consent.needs(purpose, before, after)]
    return Difference(
        from_sha256=before.sha256,
        to_sha256=after.sha256,
        changes=tuple(_changes(before, after)),
        fresh_consent=tuple(need for need in needs if need.asks),
        inform=tuple(need for need in needs if not need.asks),
        problems=tuple(_problems(before, after)),
    )


def _changes(before: PolicySet, after: PolicySet) -> Iterator[Change]:
    for name in ("version", "effective_on"):
        yield from _value(name, getattr(before, name), getattr(after, name))
    yield from _fields("controller", before.controller, after.controller)
    for kind in _KINDS:
        yield from _mapping(kind, getattr(before, kind), getattr(after, kind))
    old = {notice.label: notice for notice in before.notices.values()}
    new = {notice.label: notice for notice in after.notices.values()}
    yield from _mapping("notices", old, new)


def _mapping(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*before, *after}):
        where = f"{kind}.{key}"
        if key not in before:
            yield Change(where, "added")
        elif key not in after:
            yield Change(where, "removed")
        elif isinstance(after[key], Mapping):
            yield from _value(where, before[key], after[key])
        else:
            yield from _fields(where, before[key], after[key])


def _fields(where: str, before: Any, after: Any) -> Iterator[Change]:
    for one in fields(after):
        yield from _value(f"{where}.{one.name}", getattr(before, one.name), getattr(after, one.name))


def _value(where: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if where.rpartition(".")[2] in _NEVER_SAID or isinstance(after or before, Mapping):
        yield Change(where, "changed")
    else:
        yield Change(where, "changed", _short(before), _short(after))


def _short(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, frozenset | tuple):
        return ", ".join(sorted(str(one) for one in value)) or "none"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _problems(before: PolicySet, after: PolicySet) -> Iterator[str]:
    for key, notice in sorted(after.notices.items()):
        old = before.notices.get(key)
        if old is not None and old.sha256 != notice.sha256:
            yield (
                f"notice {notice.label} has another text than before (then {old.sha256}, now {notice.sha256}); restore "
                "it and write the next version beside it (Art. 13(3))"
            )
    for purpose_id, purpose in sorted(after.purposes.items()):
        was = before.purposes.get(purpose_id)
        if was is not None and was != purpose and purpose.version < was.version:
            yield f"purpose {purpose_id} is changed under version {purpose.version}, lower than {was.version}; raise it"
