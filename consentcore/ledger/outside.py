"""What outside witnesses hold of the log: states that no history of it may contradict."""

from __future__ import annotations

from dataclasses import dataclass

from consentcore.errors import LedgerTampered


@dataclass(frozen=True, slots=True)
class Outside:
    """A state of the log that somebody outside saw; `who` says who, in words for a sentence."""

    size: int
    root: bytes
    who: str


class OutsideStates:
    """The outside states that an audit walks past, in the order of their sizes; it notes whom the log contradicts."""

    __slots__ = ("_at", "_waiting", "contradicted", "next_size")

    def __init__(self, states: tuple[Outside, ...]) -> None:
        self._waiting = sorted(states, key=lambda one: (one.size, one.who))
        self._at = 0
        self.contradicted: list[Outside] = []
        self.next_size = -1
        """Size of the next state to be held against the log; -1 where none is left."""
        self._advance()

    def meet(self, size: int, root: bytes) -> None:
        """Hold every state of this size against the root that the leaves give there."""
        while self.next_size == size:
            one = self._waiting[self._at]
            if one.root != root:
                self.contradicted.append(one)
            self._at += 1
            self._advance()

    def settle(self, size: int) -> None:
        """Say what the whole log of `size` leaves contradicts; every witness is named.

        Raises: LedgerTampered.
        """
        beyond = self._waiting[self._at :]
        if beyond:
            most = max(beyond, key=lambda one: one.size)
            named = _named(beyond + self.contradicted)
            raise LedgerTampered(
                f"the log has {size} leaves, {most.who} shows {most.size}: it was rolled back (contradicts {named})",
                first_bad=size,
            )
        if self.contradicted:
            first = self.contradicted[0]
            # A root tells that the histories differ, not where: no first bad index can be named.
            raise LedgerTampered(
                f"the first {first.size} leaves contradict {_named(self.contradicted)}: a forked history"
            )

    def _advance(self) -> None:
        self.next_size = self._waiting[self._at].size if self._at < len(self._waiting) else -1


def _named(states: list[Outside]) -> str:
    names = list(dict.fromkeys(one.who for one in states))
    return "; ".join(names)
