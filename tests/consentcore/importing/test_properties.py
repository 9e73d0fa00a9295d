"""No row is ever lost, whatever a file holds, however it is cut into batches and how often it is imported."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentcore.importing.counts import Counts
from consentcore.importing.faults import FileFault

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_HOSTILE = st.sampled_from(
    ["", " ", "=1+1", "@x", "a@b.example", "A@B.example", "a@b", "+33123456789", "0123", '"', '""', "\n", "\r\n", ";",
     "é", "e\u0301", "\ufeff", "\u202e", "x" * 300, "1985-13-01", "France", "consumer"]
)  # fmt: skip
_CELL = st.one_of(_HOSTILE, _TEXT)
_ID = st.one_of(st.integers(0, 6).map(str), _CELL)
_ROW = st.one_of(
    st.tuples(_ID, _CELL, _CELL, _CELL, _CELL, _CELL).map(list),
    st.lists(_CELL, min_size=1, max_size=9),
)


def adds_up(counts: Counts) -> bool:
    return counts.rows == (counts.created + counts.updated + counts.duplicates + counts.suppressed + counts.quarantined)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ROW, max_size=12), size=st.integers(1, 5))
def test_every_row_is_in_one_count_and_again(
    importer: Any, as_csv: Any, mapping: Any, rows: list[list[str]], size: int
) -> None:
    its_mapping = mapping(system=str(uuid4()))
    content = as_csv(rows)
    there = len(importer.contacts())
    aside = len(importer.quarantine())
    dry = importer.examine(content, its_mapping, size=size)
    first = importer.load(content, its_mapping, size=size)
    assert dry == first
    assert adds_up(first)
    assert first.rows == sum(any(row) for row in rows)
    assert len(importer.contacts()) == there + first.created
    assert len(importer.quarantine()) == aside + first.quarantined
    again = importer.load(content, its_mapping, size=size)
    assert again == Counts(rows=first.rows, duplicates=first.created, quarantined=first.quarantined)
    assert len(importer.contacts()) == there + first.created
    assert len(importer.quarantine()) == aside + first.quarantined


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.text(st.sampled_from("abc@.,;\"'\n\r\t=+-\\é"), max_size=200))
def test_any_text_is_refused_whole_or_counted_whole(importer: Any, mapping: Any, tail: str) -> None:
    its_mapping = mapping(system=str(uuid4()))
    there = len(importer.contacts())
    try:
        counts = importer.load("id,first,last,mail,tel,country\n" + tail, its_mapping)
    except FileFault:
        assert len(importer.contacts()) == there
    else:
        assert adds_up(counts)
        assert len(importer.contacts()) == there + counts.created
