"""The three keys of a subject, each with its own end of life."""

from __future__ import annotations

from enum import StrEnum


class KeyClass(StrEnum):
    """What a key protects: erasing the profile leaves proof (Art. 7(1), 17(3)(e)) and what a law keeps readable."""

    PROFILE = "profile"
    EVIDENCE = "evidence"
    ARCHIVE = "archive"


NUMBERS = {KeyClass.PROFILE: 1, KeyClass.EVIDENCE: 2, KeyClass.ARCHIVE: 3}
"""One byte per class, bound into the wrapping of its key: a number never changes its meaning."""
