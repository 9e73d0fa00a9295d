"""Bounded reading of small text files: UTF-8, LF, and no character that a reviewer could not see."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from consentcore.errors import BadInput

MAX_BYTES = 256 * 1024

# C0 and C1 controls without tab and LF, the line breaks that only some readers honour, a byte order mark inside
# the text, and the marks that make a text read otherwise than it is stored (CVE-2021-42574).
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


class UnreadableFile(BadInput):
    """A text, YAML or mapping file cannot be read as what it should be; the message names file, place and way out."""

    default_code = "unreadable_file"


def read_bytes(path: Path, *, name: str | None = None, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a regular file of at most `max_bytes` bytes.

    Raises: UnreadableFile, for a missing file, a folder, a pipe or device, or a file that is too long.
    """
    shown = name or path.name
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableFile(f"{shown}: is not an ordinary file; put a text file in its place")
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "its name holds a NUL"
        raise UnreadableFile(f"{shown}: cannot be read ({reason}); check that it exists and its rights") from cause
    if len(raw) > max_bytes:
        raise UnreadableFile(f"{shown}: holds more than {max_bytes} bytes; split it or shorten it")
    return raw


def decode(raw: bytes, name: str) -> str:
    """Decode UTF-8 to a text with LF ends; a byte order mark at the very start is dropped.

    Raises: UnreadableFile, for other encodings and for characters that cannot be seen.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = raw.count(b"\n", 0, cause.start) + 1
        raise UnreadableFile(f"{name}, line {line}: is not UTF-8; save the file as UTF-8") from cause
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unseen = first_unseen(text)
    if unseen:
        line = text.count("\n", 0, unseen[0]) + 1
        raise UnreadableFile(f"{name}, line {line}: holds the control character {unseen[1]}; remove it")
    return text


def first_unseen(text: str) -> tuple[int, str] | None:
    """Find the first character that a reviewer could not see: its position and its name, `U+202E`; None for none."""
    found = _UNSEEN.search(text)
    return (found.start(), f"U+{ord(found.group()):04X}") if found else None
