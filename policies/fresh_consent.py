"""Whether people have to be asked again when a purpose changes, or only told (Art. 4(11), 6(1)(a), 7(1), 13(3))."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from consentcore.policyset import LegalBasis, PolicySet, Purpose, RecipientKind
from policies.notice_changes import changed_items, in_substance

_ASKS = LegalBasis.CONSENT


@dataclass(frozen=True, slots=True)
class Need:
    """Why people have to be asked (`asks`) or told about a purpose, with the article that says so."""

    purpose: str
    why: str
    article: str
    asks: bool


def needs(purpose: Purpose, before: PolicySet, after: PolicySet) -> Iterator[Need]:
    """Give what one purpose of the new set asks for, compared with the old set; nothing where it is unchanged."""
    old = before.purposes.get(purpose.id)
    if old is None:
        yield _need(purpose, "is new: nobody consented to it" if purpose.basis is _ASKS else "is new", "6(1)(a)")
        return
    if old.basis is not purpose.basis:
        yield _other_basis(old, purpose)
        return
    for rule in _RULES:
        yield from rule(_Pair(old, purpose, before, after))


@dataclass(frozen=True, slots=True)
class _Pair:
    old: Purpose
    new: Purpose
    before: PolicySet
    after: PolicySet


def _need(purpose: Purpose, why: str, article: str, *, asks: bool = True) -> Need:
    """State a need; on a basis other than consent people are told and not asked."""
    asks = asks and purpose.basis is _ASKS
    return Need(purpose.id, why, article if asks else "13(3)", asks)


def _other_basis(old: Purpose, new: Purpose) -> Need:
    change = f"rests on {new.basis} and no longer on {old.basis}"
    if old.basis is _ASKS:
        change += "; what was consented to cannot go on under another basis unless people are told, and those who "
        change += "refused or withdrew stay out"
    return _need(new, change, "6(1)(a)")


def _controller(pair: _Pair) -> Iterator[Need]:
    was, now = pair.before.controller, pair.after.controller
    if was.name != now.name:
        why = f"the controller is {now.name} and no longer {was.name}: a consent names who it is given to"
        yield _need(pair.new, why, "4(11), 7(1)")


def _wider_data(pair: _Pair) -> Iterator[Need]:
    more = ", ".join(sorted(pair.new.data - pair.old.data))
    if more:
        yield _need(pair.new, f"uses more data: {more}", "4(11)")
    special = ", ".join(sorted(pair.new.special_categories - pair.old.special_categories))
    if special:
        yield _need(pair.new, f"uses special categories of data: {special}", "9(2)(a)")


def _further_recipients(pair: _Pair) -> Iterator[Need]:
    for name in _added(pair.old.partners, pair.new.partners):
        yield _need(pair.new, f"goes to a further partner: {name}", "13(1)(e), 7(1)")
    for name in _added(pair.old.recipients, pair.new.recipients):
        if name in pair.new.partners:
            continue
        known = pair.after.recipients.get(name)
        # A processor acts for the controller and need not stand in the consent, only in the information.
        asks = known is None or known.kind is RecipientKind.RECIPIENT
        yield _need(pair.new, f"goes to a further recipient: {name}", "13(1)(e), 7(1)", asks=asks)
    for name in pair.new.partners:
        was, now = pair.before.recipients.get(name), pair.after.recipients.get(name)
        if name in pair.old.partners and was and now and was.name != now.name:
            yield _need(pair.new, f"the partner {name} is somebody else, or has another name", "13(1)(e), 7(1)")


def _added(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    return sorted(set(new) - set(old))


def _further_channels(pair: _Pair) -> Iterator[Need]:
    more = ", ".join(sorted(pair.new.channels - pair.old.channels))
    if more:
        yield _need(pair.new, f"reaches people over {more}: consents over other channels do not cover it", "4(11)")


def _further_uses(pair: _Pair) -> Iterator[Need]:
    if pair.new.profiling and not pair.old.profiling:
        yield _need(pair.new, "makes profiles, which it did not", "4(11), 13(2)(f)")
    if pair.new.for_children and not pair.old.for_children:
        yield _need(pair.new, "is offered to children: a parent consents, or consents with them", "8(1)")


def _notice(pair: _Pair) -> Iterator[Need]:
    old, new = pair.old.notice, pair.new.notice
    if old is None or new is None or old == new:
        return
    if pair.old.notice_id != pair.new.notice_id:
        yield _need(pair.new, f"has another notice: {new} in place of {old}", "4(11), 7(1)")
        return
    changed = changed_items(pair.before, pair.after, old, new)
    substance = in_substance(changed)
    if substance:
        why = f"{new} says otherwise than {old}: {', '.join(substance)}; consents were given to the older text"
        yield _need(pair.new, why, "4(11), 7(1)")
    elif changed:
        why = f"{new} words anew what people may do: {', '.join(changed)}"
        yield _need(pair.new, why, "13(3)", asks=False)


_RULES: tuple[Callable[[_Pair], Iterator[Need]], ...] = (
    _controller,
    _wider_data,
    _further_recipients,
    _further_channels,
    _further_uses,
    _notice,
)
