"""An answer as it is printed: one JSON document for machines, aligned lines for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click

SAME_BUT_FOR = "ref"
"""Rows that differ in this key alone are printed once, with their number: it is of use to machines only."""
WIDE = 30
"""Columns with longer texts come last, so that the others stand in sight where the window wraps."""


def show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an answer. Nothing is folded: a hash or a reference can be copied whole from any window."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
        return
    tables = {key: value for key, value in answer.items() if _is_table(value)}
    width = max((len(key) for key in answer if key not in tables), default=0)
    for key, value in answer.items():
        if key in tables:
            continue
        text = _for_people(value)
        if isinstance(value, Mapping) and len(text) > 2 * WIDE:
            text = "\n".join(f"{name}: {_for_people(one)}" for name, one in value.items())
        first, *more = text.splitlines() or [""]
        click.echo(f"{click.style(key.ljust(width), bold=True)}  {first}".rstrip())
        for line in more:
            click.echo(f"{'':{width}}  {line}")
    for key, rows in tables.items():
        click.echo(click.style(key, bold=True))
        for line in _lines(rows):
            click.echo(f"  {line}".rstrip())


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lay rows out in columns; columns that are empty in every row are left out."""
    filled = [key for key in rows[0] if any(row.get(key) is not None for row in rows)]
    kept = [key for key in filled if key != SAME_BUT_FOR]
    kept.sort(key=lambda key: max(len(_for_people(row.get(key))) for row in rows) > WIDE)
    counts = Counter(tuple(_for_people(row.get(key)) for key in kept) for row in rows)
    if len(counts) == len(rows):
        table = [tuple(kept), *counts]
    else:
        table = [("rows", *kept), *((str(count), *cells) for cells, count in counts.items())]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]


def _for_people(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_for_people(one) for one in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_for_people(one)}" for key, one in value.items()) or "none"
    return str(value)
