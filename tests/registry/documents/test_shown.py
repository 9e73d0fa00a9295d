"""Values cannot act in a spreadsheet nor disguise themselves anywhere."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from registry.documents.shown import cell, csv_text, shown
from tests.registry.documents.conftest import HOSTILE, NAMES


@given(st.text())
def test_no_cell_starts_a_formula(text: str) -> None:
    made = cell(text)
    assert not made.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    made.encode()


@given(st.lists(st.lists(st.text(), min_size=1), min_size=1))
def test_what_is_written_reads_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows).removeprefix("\ufeff"), newline="")))
    assert read == [[cell(one) for one in row] for row in rows]


def test_the_corpus() -> None:
    quoted = {"formula", "plus", "at", "wide_formula", "spaced_formula", "tabbed"}
    assert {name for name, text in HOSTILE.items() if cell(text).startswith("'")} == quoted
    assert shown(HOSTILE["reversed"]) == "abc[U+202E]gnp.exe"
    assert shown(HOSTILE["controls"]) == "a[U+0000]b[U+001B]c"
    assert shown(HOSTILE["lines"]) == "one\ntwo"


def test_names_stay_as_they_are() -> None:
    assert [cell(name) for name in NAMES] == list(NAMES)
