"""Roles of staff and what each may do: the one table of who does what in the console."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member of staff is here."""

    DPO = "dpo"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that can be done in the console; each page and each form asks for exactly one."""

    OVERVIEW = "overview"
    REQUESTS_READ = "requests:read"
    REQUESTS_HANDLE = "requests:handle"
    """Taking in, verifying, assessing, refusing."""
    ERASURE_APPROVE = "erasure:approve"
    """Being the second person; the core refuses whoever made the plan."""
    REQUESTS_EXECUTE = "requests:execute"
    PERSONS_REVEAL = "persons:reveal"
    """Seeing a name or an address in full; each time is written into the log."""
    CONSENTS_READ = "consents:read"
    REGISTER_READ = "register:read"
    LOG_READ = "log:read"
    RETENTION_READ = "retention:read"
    RETENTION_RUN = "retention:run"
    OWN_ACCOUNT = "own_account"


_EVERYONE = frozenset(
    {
        Permission.OVERVIEW,
        Permission.REQUESTS_READ,
        Permission.CONSENTS_READ,
        Permission.REGISTER_READ,
        Permission.LOG_READ,
        Permission.RETENTION_READ,
        Permission.OWN_ACCOUNT,
    }
)
OF_ROLE: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.DPO: frozenset(Permission),
        Role.OPERATOR: _EVERYONE | {Permission.REQUESTS_HANDLE, Permission.REQUESTS_EXECUTE, Permission.PERSONS_REVEAL},
        Role.APPROVER: _EVERYONE | {Permission.ERASURE_APPROVE, Permission.REQUESTS_EXECUTE, Permission.PERSONS_REVEAL},
        Role.AUDITOR: _EVERYONE,
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role has a permission."""
    return permission in OF_ROLE[role]
