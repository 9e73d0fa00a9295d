"""What roles are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.security.permissions import Role
from web.shell.language import gettext, later

ROLE_WORDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.DPO: later("DPO"),
        Role.OPERATOR: later("case handler"),
        Role.APPROVER: later("approver"),
        Role.AUDITOR: later("auditor"),
    }
)


def role_in_words(role: Role) -> str:
    """Return what a role is called in the page's language."""
    return gettext(ROLE_WORDS[role])
