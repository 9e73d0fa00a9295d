"""Checking many headers at once: those shaped like one that passed the exact check, part by part, in few steps.

A header is fixed text around varying parts: commitment, public data, id, tag, time. Another one of the same lengths,
whose fixed texts were all seen between the same parts of headers that passed `check_header`, and whose varying parts
pass on their own, passes it too: the grammar is a sequence, and each piece of it stands for itself. Whatever is not
shown to pass in this way is left to `check_header`, which alone refuses.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.events import check_data, is_second, varying_parts

_HEX = b"0123456789abcdef"
_ID = 36
_DASHES = (8, 13, 18, 23)
_MOST_LEARNED = 4_096
"""Headers learned before all is forgotten: at most 32 MB, however different they are."""


@dataclass(slots=True)
class _Layout:
    """Where the parts of some headers begin and end, and the fixed texts that were seen before, between and after."""

    struct: Struct
    names: tuple[str, ...]
    texts: tuple[set[bytes], ...]

    def fits(self, headers: Sequence[bytes], event_ids: Sequence[bytes]) -> bool:
        """Tell whether all of these headers pass."""
        columns = tuple(zip(*self.struct.iter_unpack(b"".join(headers)), strict=True))
        if not all(known.issuperset(column) for known, column in zip(self.texts, columns[::2], strict=True)):
            return False
        for name, column in zip(self.names, columns[1::2], strict=True):
            if name == "id":
                if not _ids_fit(b"".join(column), event_ids):
                    return False
            elif name == "ts":
                if not all(map(is_second, set(column))):
                    return False
            elif name == "data":
                if not _data_fit(set(column)):
                    return False
            elif b"".join(column).translate(None, _HEX):
                return False
        return True


class HeaderShapes:
    """The shapes that one audit has met so far; bounded, whatever the log holds."""

    __slots__ = ("_layouts", "_learned")

    def __init__(self) -> None:
        self._layouts: dict[int, list[_Layout]] = {}
        self._learned = 0

    def unproven(self, headers: Sequence[bytes], event_ids: Sequence[bytes]) -> list[int]:
        """Return the places of the headers that only the exact check can pass, in order.

        Raises: TypeError where something is no bytes.
        """
        left: list[int] = []
        for length, places in _by_length(headers).items():
            for layout in self._layouts.get(length, ()):
                chosen = [headers[at] for at in places], [event_ids[at] for at in places]
                if layout.fits(*chosen):
                    places = []
                elif len(places) > 1:
                    places = [at for at in places if not layout.fits((headers[at],), (event_ids[at],))]
                if not places:
                    break
            left += places
        return sorted(left)

    def learn(self, header: bytes) -> None:
        """Remember the shape of a header that passed the exact check."""
        if self._learned == _MOST_LEARNED:
            self._layouts, self._learned = {}, 0
        self._learned += 1
        spans = varying_parts(header)
        bounds = [0, *(edge for span in spans.values() for edge in span), len(header)]
        struct = Struct("".join(f"{end - start}s" for start, end in pairwise(bounds)))
        layouts = self._layouts.setdefault(len(header), [])
        for layout in layouts:
            if layout.struct.format == struct.format and layout.names == tuple(spans):
                break
        else:
            layout = _Layout(struct, tuple(spans), tuple(set() for _ in range(len(spans) + 1)))
            layouts.insert(0, layout)
        for known, text in zip(layout.texts, struct.unpack(header)[::2], strict=True):
            known.add(text)


def _by_length(headers: Sequence[bytes]) -> dict[int, Sequence[int]]:
    lengths = list(map(len, headers))
    if lengths.count(lengths[0]) == len(lengths):
        return {lengths[0]: range(len(lengths))}
    found: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        found.setdefault(length, []).append(at)
    return dict(found)


def _data_fit(texts: set[bytes]) -> bool:
    try:
        for text in texts:
            check_data(text)
    except (LedgerTampered, BadInput):
        return False
    return True


def _ids_fit(ids: bytes, event_ids: Sequence[bytes]) -> bool:
    """Tell whether joined ids, of 36 letters each, are those of these events, and random ones (UUID version 4)."""
    count = len(event_ids)
    return (
        ids.replace(b"-", b"") == hexlify(b"".join(event_ids))
        and all(ids[dash::_ID] == b"-" * count for dash in _DASHES)
        and ids[14::_ID] == b"4" * count
        and not ids[19::_ID].translate(None, b"89ab")
    )
