"""Who may open which page: each face has one table of rules, and a page that is not in it keeps the face from starting.

A rule is looked up before anything else happens in a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flask import Flask

from consentcore.errors import ConfigurationError


class Open(StrEnum):
    """Why a page needs no session."""

    TO_ANYONE = "it shows and changes nothing about anybody"
    TO_ANYONE_ASKING = "whoever asks is not known yet: it sends a code, or checks one"
    TO_MACHINES = "one-click: the random link itself says who and what; no form token exists"


def check_table(app: Flask, table: Mapping[str, object]) -> None:
    """Hold a face's rules against its pages.

    Raises: ConfigurationError for a page without a rule, or a rule without a page.
    """
    pages = set(app.view_functions)
    bare, idle = sorted(pages - set(table)), sorted(set(table) - pages)
    if bare:
        raise ConfigurationError(f"these pages have no access rule: {', '.join(bare)}")
    if idle:
        raise ConfigurationError(f"these access rules have no page: {', '.join(idle)}")
