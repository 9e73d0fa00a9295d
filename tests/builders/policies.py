"""The policies that are shipped, read once for a run: they are frozen, and reading takes longer than most tests."""

from __future__ import annotations

import functools

from consentcore.policyset import PolicySet
from policies.loader import load


@functools.cache
def shipped() -> PolicySet:
    """Return the policies of the made-up organisation."""
    return load()
