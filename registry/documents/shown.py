"""How a value is shown on paper, in a page and in a spreadsheet: whole, and unable to disguise itself or to act."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# C0 and C1 controls but for tab and newline, the characters that turn the direction of text around, lone surrogates
_DISGUISES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_STARTS_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")


def shown(text: str) -> str:
    """Return a text whose control and direction characters are written out, such as `[U+202E]`; lines end in LF."""
    return _DISGUISES.sub(_named, text.replace("\r\n", "\n").replace("\r", "\n"))


def _named(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one that could be begins with an apostrophe."""
    safe = shown(text)
    return f"'{safe}" if _STARTS_FORMULA.match(safe) else safe


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV (RFC 4180, every cell quoted, CRLF); the first character is a byte order mark.

    The mark makes spreadsheets read accents rightly.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell(one) for one in row] for row in rows)
    return "\ufeff" + stream.getvalue()
